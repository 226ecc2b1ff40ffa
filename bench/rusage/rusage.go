// Package rusage is what processes have used of the machine, for the programs
// that measure it, on systems that count it and on others.
package rusage
