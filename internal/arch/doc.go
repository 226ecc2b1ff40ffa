// Package arch holds tests about the code itself: which package may import
// which, what every package must have, and where embedded content comes from.
// Its table of ranks is the architecture in one place: a package imports only
// packages of lower rank. A new package gets its rank there.
package arch
