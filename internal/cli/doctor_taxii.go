package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"longwatch/internal/doctor"
	"longwatch/internal/taxii"
	"longwatch/internal/taxii/store"
)

// endsSoon is how long before its end a credential deserves a remark.
const endsSoon = 30 * 24 * time.Hour

// centreChecks look at a sharing centre as taxii serve would be started.
type centreChecks struct {
	store, cert, key, audit string
}

func (c *centreChecks) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.store, "taxii-store", "", "store of a sharing centre to look at: a file, or postgres://USER@HOST/DATABASE")
	f.StringVar(&c.cert, "tls-cert", "", "certificate chain of its server, PEM")
	f.StringVar(&c.key, "tls-key", "", "its key, PEM")
	f.StringVar(&c.audit, "audit", "", "file of its audit trail")
}

func (c *centreChecks) checks() []doctor.Check {
	var out []doctor.Check
	if c.store != "" {
		out = append(out, doctor.Check{Name: "taxii store", Run: c.checkStore}, doctor.Check{Name: "taxii access", Run: c.checkAccess})
	}
	if c.cert != "" || c.key != "" {
		out = append(out, doctor.Check{Name: "taxii certificate", Run: c.checkCertificate})
	}
	if c.audit != "" {
		out = append(out, doctor.Check{Name: "taxii audit trail", Run: c.checkAudit})
	}
	return out
}

// open opens the store, but does not make one.
func (c *centreChecks) open(ctx context.Context) (*store.Store, *store.Config, error) {
	if !strings.Contains(c.store, "://") {
		if _, err := os.Stat(c.store); err != nil {
			return nil, nil, err
		}
	}
	st, err := store.Open(ctx, c.store, store.Options{Readers: 1})
	if err != nil {
		return nil, nil, err
	}
	cfg, err := st.Config(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, st.Close())
	}
	return st, cfg, nil
}

func (c *centreChecks) checkStore(ctx context.Context) (doctor.Result, error) {
	st, cfg, err := c.open(ctx)
	if errors.Is(err, store.ErrLoading) {
		return doctor.Result{Do: "wait for the load, or run longwatch taxii load again"}, err
	}
	if err != nil {
		return doctor.Result{Do: "name the store with --taxii-store; longwatch taxii collection add makes one"}, err
	}
	if err := st.Close(); err != nil {
		return doctor.Result{}, err
	}
	r := doctor.Result{Says: fmt.Sprintf("opens; %d API roots, %d collections", len(cfg.Roots), len(cfg.Collections))}
	if len(cfg.Collections) == 0 {
		r.Grade, r.Do = doctor.Warn, "it serves nothing yet: longwatch taxii collection add"
		return r, nil
	}
	if info, err := os.Stat(c.store); err == nil {
		r.Says += fmt.Sprintf(", %d MiB", info.Size()>>20)
		if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			r.Grade, r.Says, r.Do = doctor.Warn, r.Says+fmt.Sprintf("; others on this machine may read it (%v)", info.Mode().Perm()), "chmod 600 "+c.store
		}
	}
	return r, nil
}

// checkAccess finds collections that nobody can use and credentials that are
// over, or soon will be.
func (c *centreChecks) checkAccess(ctx context.Context) (doctor.Result, error) {
	st, cfg, err := c.open(ctx)
	if err != nil {
		return doctor.Result{Grade: doctor.Warn, Says: "not looked at: the store does not open"}, nil //nolint:nilerr // the check of the store says why
	}
	if err := st.Close(); err != nil {
		return doctor.Result{}, err
	}
	var trouble []string
	proves := map[string]bool{} // members that can prove who they are
	now := time.Now()
	for name, m := range cfg.Members {
		if !m.Disabled && m.Password != "" {
			proves[name] = true
		}
	}
	for _, x := range cfg.Credentials {
		switch {
		case x.Expires != 0 && x.Expires < taxii.Now(now):
			trouble = append(trouble, fmt.Sprintf("%s %q of %s is over", x.Kind, x.Label, x.Member))
			continue
		case x.Expires != 0 && x.Expires < taxii.Now(now.Add(endsSoon)):
			trouble = append(trouble, fmt.Sprintf("%s %q of %s ends on %.10s", x.Kind, x.Label, x.Member, x.Expires))
		}
		if m := cfg.Members[x.Member]; m != nil && !m.Disabled {
			proves[x.Member] = true
		}
	}
	for _, x := range cfg.Collections {
		if !readable(cfg, proves, x) {
			trouble = append(trouble, fmt.Sprintf("nobody who can prove who it is may read %q", x.Title))
		}
	}
	r := doctor.Result{Says: fmt.Sprintf("%d users can prove who they are", len(proves))}
	if len(trouble) > 0 {
		const most = 5
		if len(trouble) > most {
			trouble = append(trouble[:most], fmt.Sprintf("%d more", len(trouble)-most))
		}
		r.Grade, r.Says, r.Do = doctor.Warn, strings.Join(trouble, "; "), "longwatch taxii user add, token, grant and revoke change it"
	}
	return r, nil
}

func readable(cfg *store.Config, proves map[string]bool, c store.Collection) bool {
	all := cfg.Members[store.Everyone]
	for name := range proves {
		if cfg.Members[name].Grants[c.Num].Read || all != nil && all.Grants[c.Num].Read {
			return true
		}
	}
	return false
}

func (c *centreChecks) checkCertificate(context.Context) (doctor.Result, error) {
	const fix = "get a certificate for the names that members use; taxii serve reads it again when the file changes"
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return doctor.Result{Do: "--tls-cert and --tls-key name the chain and the key that belongs to it, PEM"}, err
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return doctor.Result{}, err
	}
	r := doctor.Result{Says: fmt.Sprintf("for %s until %s", strings.Join(leaf.DNSNames, ", "), leaf.NotAfter.Format("2006-01-02"))}
	switch now := time.Now(); {
	case now.After(leaf.NotAfter) || now.Before(leaf.NotBefore):
		r.Grade, r.Says, r.Do = doctor.Fail, fmt.Sprintf("good only from %s to %s", leaf.NotBefore.Format("2006-01-02"), leaf.NotAfter.Format("2006-01-02")), fix
	case len(leaf.DNSNames)+len(leaf.IPAddresses) == 0:
		r.Grade, r.Says, r.Do = doctor.Fail, "names no host in its subjectAltName: no client will take it (RFC 9525)", fix
	case now.Add(endsSoon).After(leaf.NotAfter):
		r.Grade, r.Do = doctor.Warn, fix
	}
	return r, nil
}

// checkAudit sees whether lines can be added to the audit trail, without which
// the server changes nothing. It adds none.
func (c *centreChecks) checkAudit(context.Context) (doctor.Result, error) {
	const fix = "let the server's user write this file and its folder, or name another with --audit"
	f, err := os.OpenFile(c.audit, os.O_WRONLY|os.O_APPEND, 0)
	if errors.Is(err, os.ErrNotExist) {
		dir, err := os.Stat(filepath.Dir(c.audit))
		if err != nil || !dir.IsDir() {
			return doctor.Result{Do: fix}, fmt.Errorf("%s: its folder is not there", c.audit)
		}
		return doctor.Result{Says: "will be made by the server"}, nil
	}
	if err != nil {
		return doctor.Result{Do: fix}, err
	}
	return doctor.Result{Says: "can be written"}, f.Close()
}
