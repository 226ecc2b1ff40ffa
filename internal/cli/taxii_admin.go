package cli

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/access"
	"longwatch/internal/taxii/store"
)

// defaultRoot is the API root of those who need one only.
const defaultRoot = "api"

// defaultContent is max_content_length where nothing else is said.
const defaultContent = 10 << 20

var (
	rootName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

func newTAXIIRoot() *cobra.Command {
	var st storeFlag
	r := store.Root{MaxContent: defaultContent}
	cmd := &cobra.Command{
		Use:     "root NAME",
		Short:   "make or change an API root: a group of collections under one path",
		Example: `  longwatch taxii root energy --title "Energy sector" --max-content 20971520`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Name = args[0]
			if !rootName.MatchString(r.Name) || r.Name == "taxii2" || r.Name == "health" {
				return usageError{fmt.Errorf("%q cannot be an API root: want small letters, digits, - and _, and not taxii2 or health", r.Name)}
			}
			if r.MaxContent < 1024 {
				return usageError{errors.New("--max-content: at least 1024 bytes")}
			}
			if r.Title == "" {
				r.Title = r.Name
			}
			return st.with(cmd.Context(), func(s *store.Store, _ *store.Config) error { return s.PutRoot(cmd.Context(), r) })
		},
	}
	st.add(cmd)
	cmd.Flags().StringVar(&r.Title, "title", "", "title (default: the name)")
	cmd.Flags().StringVar(&r.Description, "description", "", "what it is for")
	cmd.Flags().Int64Var(&r.MaxContent, "max-content", defaultContent, "bytes of a request body at most")
	return cmd
}

func newTAXIICollection() *cobra.Command {
	cmd := &cobra.Command{
		Use: "collection", Short: "add, list and remove collections", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCollectionAdd(), newCollectionList(), newCollectionRemove())
	return cmd
}

func newCollectionAdd() *cobra.Command {
	var st storeFlag
	c := store.Collection{Root: defaultRoot}
	add := &cobra.Command{
		Use: "add TITLE", Short: "make a collection and print its id",
		Example: `  longwatch taxii collection add "High value indicators" --alias high
  longwatch taxii collection add Archive --root energy --stix 2.0,2.1`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			c.Title = args[0]
			for _, v := range c.Specs {
				if v != "2.0" && v != "2.1" {
					return usageError{fmt.Errorf("--stix %s: want 2.0, 2.1 or both", v)}
				}
			}
			slices.Sort(c.Specs)
			if c.ID != "" && !uuidForm.MatchString(c.ID) {
				return usageError{fmt.Errorf("--id %s is not a UUID", c.ID)}
			}
			return st.with(ctx, func(s *store.Store, cfg *store.Config) error {
				if !slices.ContainsFunc(cfg.Roots, func(r store.Root) bool { return r.Name == c.Root }) {
					if c.Root != defaultRoot {
						return fmt.Errorf("there is no API root %q: longwatch taxii root %s makes it", c.Root, c.Root)
					}
					if err := s.PutRoot(ctx, store.Root{Name: c.Root, Title: "Collections", MaxContent: defaultContent}); err != nil {
						return err
					}
				}
				made, err := s.AddCollection(ctx, c)
				if err != nil {
					return err
				}
				return printLines(cmd.OutOrStdout(), made.ID)
			})
		},
	}
	st.add(add)
	f := add.Flags()
	f.StringVar(&c.Root, "root", defaultRoot, "API root it stands in; this one is made if it is not there")
	f.StringVar(&c.ID, "id", "", "UUID (default: a new one)")
	f.StringVar(&c.Alias, "alias", "", "short name that stands for the id")
	f.StringVar(&c.Description, "description", "", "what is in it")
	f.StringSliceVar(&c.Specs, "stix", []string{"2.0", "2.1"}, "versions of STIX it takes")
	return add
}

func newCollectionList() *cobra.Command {
	var st storeFlag
	list := &cobra.Command{
		Use: "list", Short: "show collections and who may use them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return st.with(cmd.Context(), func(_ *store.Store, cfg *store.Config) error {
				for _, c := range cfg.Collections {
					who := []string{}
					for _, name := range slices.Sorted(maps.Keys(cfg.Members)) {
						if g := cfg.Members[name].Grants[c.Num]; g != (store.Grant{}) {
							who = append(who, name+":"+rights(g))
						}
					}
					if err := printLines(cmd.OutOrStdout(), fmt.Sprintf("%s  /%s/  %s  %q  STIX %s  %s", c.ID, c.Root, dash(c.Alias), c.Title, strings.Join(c.Specs, ","), dash(strings.Join(who, " ")))); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	st.add(list)
	return list
}

func newCollectionRemove() *cobra.Command {
	var st storeFlag
	var sure bool
	cmd := &cobra.Command{
		Use: "remove COLLECTION", Short: "remove a collection with all its objects",
		Example: "  longwatch taxii collection remove high --yes",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !sure {
				return usageError{errors.New("this removes all its objects for good: add --yes")}
			}
			return st.with(cmd.Context(), func(s *store.Store, cfg *store.Config) error {
				c, err := findCollection(cfg, args[0])
				if err != nil {
					return err
				}
				return s.RemoveCollection(cmd.Context(), c)
			})
		},
	}
	st.add(cmd)
	cmd.Flags().BoolVar(&sure, "yes", false, "do it")
	return cmd
}

// rights are the letters of a grant.
func rights(g store.Grant) string {
	s := ""
	if g.Read {
		s += "r"
	}
	if g.Write {
		s += "w"
	}
	return s
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func newTAXIIUser() *cobra.Command {
	cmd := &cobra.Command{
		Use: "user", Short: "say who may use the server, and what of it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newUserAdd(), newUserToken(), newUserCertificate(), newUserRevoke(), newUserGrant(), newUserList(), newUserRemove())
	return cmd
}

func newUserAdd() *cobra.Command {
	var st storeFlag
	var password, hash string
	var disabled bool
	cmd := &cobra.Command{
		Use: "add NAME", Short: "add a user, or set its password",
		Long: `Adds a user, or changes its password, or disables it. Passwords are kept as
argon2id; --hash takes over one of bcrypt or argon2id from elsewhere, such as the
part after the colon that htpasswd -B writes. A user without a password proves
who it is by a token or a certificate.`,
		Example: `  longwatch taxii user add ann --password-file -        asks standard input
  longwatch taxii user add feed
  longwatch taxii user add ann --disable`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m := store.Member{Name: args[0], Disabled: disabled}
			if m.Name == store.Everyone || m.Name == "" || len(m.Name) > 100 || strings.ContainsAny(m.Name, ":\x00\n") {
				return usageError{fmt.Errorf("%q cannot be a user: want 1 to 100 bytes without a colon", m.Name)}
			}
			if password != "" && hash != "" {
				return usageError{errors.New("--password-file or --hash, not both")}
			}
			if hash != "" && !access.Known(hash) {
				return usageError{errors.New("--hash is neither an argon2id nor a bcrypt hash")}
			}
			m.Password = hash
			if password != "" {
				p, err := secret(cmd, password)
				if err != nil {
					return err
				}
				if m.Password, err = access.Hash(p); err != nil {
					return err
				}
			}
			return st.with(cmd.Context(), func(s *store.Store, cfg *store.Config) error {
				if old := cfg.Members[m.Name]; old != nil && m.Password == "" {
					m.Password = old.Password
				}
				return s.PutMember(cmd.Context(), m)
			})
		},
	}
	st.add(cmd)
	cmd.Flags().StringVar(&password, "password-file", "", "file that holds the password; - for standard input")
	cmd.Flags().StringVar(&hash, "hash", "", "hash of the password, made elsewhere")
	cmd.Flags().BoolVar(&disabled, "disable", false, "let the user in no more, and keep the rest")
	return cmd
}

// needUser is an error if there is no such user.
func needUser(cfg *store.Config, name string) error {
	if cfg.Members[name] == nil || name == store.Everyone {
		return fmt.Errorf("there is no user %q", name)
	}
	return nil
}

func newUserToken() *cobra.Command {
	var st storeFlag
	var label string
	var days int
	cmd := &cobra.Command{
		Use: "token NAME", Short: "make a bearer token for a user and print it, once",
		Example: "  longwatch taxii user token feed --label siem --days 365 > token",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return st.with(cmd.Context(), func(s *store.Store, cfg *store.Config) error {
				if err := needUser(cfg, args[0]); err != nil {
					return err
				}
				token := access.NewToken()
				x := store.Credential{Kind: "token", Digest: access.Digest(token), Member: args[0], Label: label}
				if days > 0 {
					x.Expires = taxii.Now(time.Now().AddDate(0, 0, days))
				}
				if err := s.PutCredential(cmd.Context(), x); err != nil {
					return err
				}
				return printLines(cmd.OutOrStdout(), token)
			})
		},
	}
	st.add(cmd)
	cmd.Flags().StringVar(&label, "label", "token", "name to revoke it by")
	cmd.Flags().IntVar(&days, "days", 0, "days it is good for (default: until revoked)")
	return cmd
}

func newUserCertificate() *cobra.Command {
	var st storeFlag
	var label string
	cmd := &cobra.Command{
		Use: "certificate NAME FILE", Short: "let a user in by a client certificate",
		Example: "  longwatch taxii user certificate feed feed.pem",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := os.ReadFile(args[1])
			if err != nil {
				return err
			}
			block, _ := pem.Decode(b)
			if block == nil || block.Type != "CERTIFICATE" {
				return fmt.Errorf("%s: no certificate in it", args[1])
			}
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return fmt.Errorf("%s: %w", args[1], err)
			}
			return st.with(cmd.Context(), func(s *store.Store, cfg *store.Config) error {
				if err := needUser(cfg, args[0]); err != nil {
					return err
				}
				return s.PutCredential(cmd.Context(), store.Credential{Kind: "certificate", Digest: access.Fingerprint(c), Member: args[0], Label: label, Expires: taxii.Now(c.NotAfter)})
			})
		},
	}
	st.add(cmd)
	cmd.Flags().StringVar(&label, "label", "certificate", "name to revoke it by")
	return cmd
}

func newUserRevoke() *cobra.Command {
	var st storeFlag
	cmd := &cobra.Command{
		Use: "revoke NAME LABEL", Short: "take tokens or certificates away from a user",
		Example: "  longwatch taxii user revoke feed siem",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return st.with(cmd.Context(), func(s *store.Store, _ *store.Config) error {
				if err := s.RemoveCredential(cmd.Context(), args[0], args[1]); err != nil {
					return fmt.Errorf("%s has no token or certificate %q: %w", args[0], args[1], err)
				}
				return nil
			})
		},
	}
	st.add(cmd)
	return cmd
}

func newUserGrant() *cobra.Command {
	var st storeFlag
	var g store.Grant
	cmd := &cobra.Command{
		Use: "grant NAME COLLECTION...", Short: "say what a user may do with collections",
		Long: `Says what a user may do with collections: read, write, both, or nothing when no
flag is given. A collection is named by id, alias or title. What the user * may
do, every user may.`,
		Example: `  longwatch taxii user grant ann high --read --write
  longwatch taxii user grant '*' high --read
  longwatch taxii user grant ann high                    takes it away`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return st.with(cmd.Context(), func(s *store.Store, cfg *store.Config) error {
				if args[0] != store.Everyone {
					if err := needUser(cfg, args[0]); err != nil {
						return err
					}
				}
				for _, name := range args[1:] {
					c, err := findCollection(cfg, name)
					if err != nil {
						return err
					}
					if err := s.PutGrant(cmd.Context(), args[0], c, g); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	st.add(cmd)
	cmd.Flags().BoolVar(&g.Read, "read", false, "may read")
	cmd.Flags().BoolVar(&g.Write, "write", false, "may write; with --read also delete")
	return cmd
}

func newUserList() *cobra.Command {
	var st storeFlag
	cmd := &cobra.Command{
		Use: "list", Short: "show users, how they prove who they are, and what they may do", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return st.with(cmd.Context(), func(_ *store.Store, cfg *store.Config) error {
				for _, name := range slices.Sorted(maps.Keys(cfg.Members)) {
					if err := printLines(cmd.OutOrStdout(), describeMember(cfg, name)); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	st.add(cmd)
	return cmd
}

// describeMember is one line about a user.
func describeMember(cfg *store.Config, name string) string {
	m := cfg.Members[name]
	var how, may []string
	if m.Password != "" {
		how = append(how, "password")
	}
	for _, key := range slices.Sorted(maps.Keys(cfg.Credentials)) {
		if c := cfg.Credentials[key]; c.Member == name {
			s := c.Kind + " " + c.Label
			if c.Expires != 0 {
				s += " until " + c.Expires.String()[:10]
			}
			how = append(how, s)
		}
	}
	for _, c := range cfg.Collections {
		if g := m.Grants[c.Num]; g != (store.Grant{}) {
			may = append(may, c.Title+":"+rights(g))
		}
	}
	state := ""
	if m.Disabled && name != store.Everyone {
		state = " (disabled)"
	}
	return fmt.Sprintf("%s%s  %s  %s", name, state, dash(strings.Join(how, ", ")), dash(strings.Join(may, ", ")))
}

func newUserRemove() *cobra.Command {
	var st storeFlag
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "remove a user with tokens, certificates and rights",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return st.with(cmd.Context(), func(s *store.Store, _ *store.Config) error {
				if err := s.RemoveMember(cmd.Context(), args[0]); err != nil {
					return fmt.Errorf("user %q: %w", args[0], err)
				}
				return nil
			})
		},
	}
	st.add(cmd)
	return cmd
}
