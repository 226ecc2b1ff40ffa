// Package content embeds what analysts edit: detection rules and campaign
// profiles. Everything in it was written for Longwatch; sources are cited in
// the files.
package content

import "embed"

// Rules holds Sigma rules below rules/.
//
//go:embed rules
var Rules embed.FS

// Campaigns holds a folder for each campaign profile below campaigns/.
//
//go:embed campaigns
var Campaigns embed.FS

// Response holds the steps of response and recovery below response/.
//
//go:embed response
var Response embed.FS

// Training holds items and scripts of drills: a folder for each campaign and
// one for every day, below training/.
//
//go:embed training
var Training embed.FS

// Vulnerabilities holds tables of flaws that campaigns use, below
// vulnerabilities/.
//
//go:embed vulnerabilities
var Vulnerabilities embed.FS
