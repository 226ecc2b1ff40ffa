// Package c2certificate finds certificates that tools for command and control
// come with, or make under a name of their own, unless somebody changes them.
package c2certificate

import (
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/cert"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
)

// Detector reports each certificate once a day.
var Detector = detect.Spec{
	ID:         "c2-certificate",
	Title:      "Certificate of a tool for command and control",
	Techniques: []attack.ID{"T1071.001", "T1573.002"},
	Also:       []string{"TG-17"},
	New: func(detect.Env) detect.Detector {
		return &detector{told: recent.New[string, bool](24*time.Hour, 1<<12)}
	},
}

// sign is what gives a certificate away. All that is set must fit.
type sign struct {
	tool            string
	serial          string // as OpenSSL prints it, without leading zeros
	fingerprint     string
	subject, issuer string // parts of the names
	dossier         []string
	confidence      uint8
}

var signs = []sign{
	{tool: "Cobalt Strike (default serial number 146473198)", serial: "8BB00EE", dossier: []string{"TG-17"}, confidence: 95},
	{tool: "Cobalt Strike (default certificate)", fingerprint: "87f2085c32b6a2cc709b365f55873e207a9caa10bffecf2fd16d3cf9d94d390c", dossier: []string{"TG-17"}, confidence: 95},
	{tool: "Cobalt Strike (default subject)", subject: "CN=Major Cobalt Strike", confidence: 95},
	{tool: "Sliver (its server for operators)", subject: "CN=multiplayer", issuer: "CN=operators", confidence: 90},
	{tool: "AsyncRAT", subject: "CN=AsyncRAT Server", confidence: 95},
	{tool: "DcRat", subject: "CN=DcRat", confidence: 90},
	{tool: "Quasar", subject: "CN=Quasar Server CA", confidence: 95},
	{tool: "BitRAT", subject: "CN=BitRAT", confidence: 90},
	{tool: "PoshC2", subject: "OU=P18055077", confidence: 90},
	{tool: "PoshC2", subject: "CN=P18055077", confidence: 90},
	{tool: "Covenant", subject: "CN=Covenant", issuer: "CN=Covenant", confidence: 80},
	{tool: "Mythic", subject: "O=Mythic", issuer: "O=Mythic", confidence: 75},
	{tool: "Merlin", subject: "CN=Merlin", issuer: "CN=Merlin", confidence: 60},
	{tool: "ligolo-ng", subject: "CN=ligolo", issuer: "CN=ligolo", confidence: 80},
}

// detector remembers, for a day, which certificates were reported.
type detector struct{ told *recent.Map[string, bool] }

// Handlers subscribes to such certificates.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(func(r *cert.Record) bool { return find(r) != nil }, d.certificate)}
}

func find(r *cert.Record) *sign {
	for i := range signs {
		if signs[i].fits(r) {
			return &signs[i]
		}
	}
	return nil
}

func (s *sign) fits(r *cert.Record) bool {
	return (s.serial == "" || strings.EqualFold(strings.TrimLeft(r.Serial, "0"), s.serial)) &&
		(s.fingerprint == "" || strings.EqualFold(r.Fingerprint, s.fingerprint)) &&
		(s.subject == "" || part(r.Subject, s.subject)) && (s.issuer == "" || part(r.Issuer, s.issuer))
}

// part tells whether a distinguished name has p among its parts.
func part(name, p string) bool {
	if !strings.Contains(name, p) {
		return false
	}
	for s := range strings.SplitSeq(name, ",") {
		if strings.TrimSpace(s) == p {
			return true
		}
	}
	return false
}

func (d *detector) certificate(r *cert.Record, out detect.Reporter) {
	told := d.told.At(r.Fingerprint, r.TS)
	if *told {
		return
	}
	*told = true
	s := find(r)
	severity := finding.High
	if s.confidence < 80 {
		severity = finding.Medium
	}
	out.Report(finding.Finding{Severity: severity, Confidence: s.confidence, Dossier: s.dossier, Why: []string{
		finding.Because("a certificate of %s was presented: subject %q, issuer %q, serial number %s, SHA-256 %s", s.tool, r.Subject, r.Issuer, r.Serial, r.Fingerprint)}})
}
