package segmentation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bounds of a file of zones: somebody else may have written it.
const (
	maxZoneFile = 4 << 20 // bytes
	maxZones    = 1 << 10
	maxConduits = 1 << 14
	maxListed   = 1 << 16 // networks and hosts of one zone, hosts and ports of one conduit
)

// The shapes of a file of zones.
type (
	yamlFile struct {
		Zones    []yamlZone    `yaml:"zones"`
		Conduits []yamlConduit `yaml:"conduits,omitempty"`
	}
	yamlZone struct {
		Name     string   `yaml:"name"`
		Level    string   `yaml:"level,omitempty"`
		Safety   bool     `yaml:"safety,omitempty"`
		Networks []string `yaml:"networks,omitempty,flow"`
		Hosts    []string `yaml:"hosts,omitempty,flow"`
	}
	yamlConduit struct {
		From      string   `yaml:"from" json:"from"`
		To        string   `yaml:"to" json:"to"`
		Direction string   `yaml:"direction,omitempty" json:"direction,omitempty"`
		FromHosts []string `yaml:"from_hosts,omitempty,flow" json:"from_hosts,omitempty"`
		ToHosts   []string `yaml:"to_hosts,omitempty,flow" json:"to_hosts,omitempty"`
		Protocols []string `yaml:"protocols,omitempty,flow" json:"protocols,omitempty"`
		Ports     []string `yaml:"ports,omitempty,flow" json:"ports,omitempty"`
		Why       string   `yaml:"why,omitempty" json:"why,omitempty"`
	}
)

// ReadZones reads a file of zones and conduits. What it does not understand is
// an error that says where, so that a conduit is never wider than was meant.
func ReadZones(r io.Reader) (*Zoning, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxZoneFile+1))
	if err != nil {
		return nil, fmt.Errorf("segmentation: %w", err)
	}
	if len(b) > maxZoneFile {
		return nil, errors.New("segmentation: the file of zones is larger than 4 MiB")
	}
	var y yamlFile
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&y); err != nil {
		return nil, fmt.Errorf("segmentation: zones: %w", err)
	}
	if len(y.Zones) == 0 {
		return nil, errors.New("segmentation: zones: the file names no zone")
	}
	if len(y.Zones) > maxZones || len(y.Conduits) > maxConduits {
		return nil, fmt.Errorf("segmentation: zones: at most %d zones and %d conduits", maxZones, maxConduits)
	}
	zones, err := y.zones()
	if err != nil {
		return nil, err
	}
	names := []string{internetZone, noZone}
	for _, z := range zones {
		names = append(names, z.Name)
	}
	var conduits []Conduit
	for i := range y.Conduits {
		c, err := y.Conduits[i].value(names)
		if err != nil {
			return nil, fmt.Errorf("segmentation: conduit %d (%q to %q): %w", i+1, y.Conduits[i].From, y.Conduits[i].To, err)
		}
		conduits = append(conduits, c)
	}
	return newZoning(zones, conduits, true), nil
}

// zones checks the zones: names once, and no address in two.
func (y *yamlFile) zones() ([]*Zone, error) {
	var out []*Zone
	owner := map[netip.Prefix]string{}
	take := func(p netip.Prefix, by string) error {
		if other, ok := owner[p]; ok {
			return fmt.Errorf("%v is in the zones %q and %q", p, other, by)
		}
		owner[p] = by
		return nil
	}
	names := map[string]bool{noZone: true}
	for _, v := range y.Zones {
		z := &Zone{Name: v.Name, Safety: v.Safety, Confidence: 100}
		bad := func(err error) error { return fmt.Errorf("segmentation: zone %q: %w", v.Name, err) }
		var err error
		switch {
		case v.Name == "" || len(v.Name) > 64 || clean(v.Name) != v.Name:
			return nil, bad(errors.New("a zone needs a name of at most 64 printable characters"))
		case names[v.Name]:
			return nil, bad(errors.New("the name is taken"))
		case len(v.Networks) > maxListed || len(v.Hosts) > maxListed:
			return nil, bad(fmt.Errorf("more than %d networks or hosts", maxListed))
		case v.Name == internetZone && len(v.Networks)+len(v.Hosts) > 0:
			return nil, bad(errors.New("internet is what is in no own network; it has no networks of its own"))
		}
		names[v.Name] = true
		if z.Level, err = ParseLevel(v.Level); err != nil {
			return nil, bad(err)
		}
		for _, s := range v.Networks {
			p, err := netip.ParsePrefix(s)
			if err != nil {
				return nil, bad(err)
			}
			z.Networks = append(z.Networks, p.Masked())
			if err := take(p.Masked(), v.Name); err != nil {
				return nil, bad(err)
			}
		}
		if z.Hosts, err = addresses(v.Hosts); err != nil {
			return nil, bad(err)
		}
		for _, h := range z.Hosts {
			if err := take(netip.PrefixFrom(h, h.BitLen()), v.Name); err != nil {
				return nil, bad(err)
			}
		}
		out = append(out, z)
	}
	return out, nil
}

func addresses(list []string) (out []netip.Addr, err error) {
	if len(list) > maxListed {
		return nil, fmt.Errorf("more than %d hosts", maxListed)
	}
	for _, s := range list {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return nil, err
		}
		if a.Zone() != "" {
			return nil, fmt.Errorf("%q is an address of one link only", s)
		}
		out = append(out, a.Unmap())
	}
	return out, nil
}

func (y *yamlConduit) value(names []string) (c Conduit, err error) {
	c = Conduit{From: y.From, To: y.To, Why: y.Why}
	for _, n := range []string{y.From, y.To} {
		if !slices.Contains(names, n) {
			return c, fmt.Errorf("there is no zone %q", n)
		}
	}
	switch y.Direction {
	case "", "forward":
	case "both":
		c.Both = true
	default:
		return c, fmt.Errorf("direction %q is neither forward (from opens connections to to) nor both", y.Direction)
	}
	if c.FromHosts, err = addresses(y.FromHosts); err != nil {
		return c, err
	}
	if c.ToHosts, err = addresses(y.ToHosts); err != nil {
		return c, err
	}
	if len(y.Protocols) > maxListed || len(y.Ports) > maxListed {
		return c, fmt.Errorf("more than %d protocols or ports", maxListed)
	}
	for _, p := range y.Protocols {
		if p = protocolName(p); p == "" || clean(p) != p {
			return c, errors.New("a protocol needs a printable name")
		}
		c.Protocols = append(c.Protocols, p)
	}
	for _, s := range y.Ports {
		p, err := parsePorts(s)
		if err != nil {
			return c, err
		}
		c.Ports = append(c.Ports, p)
	}
	return c, nil
}

// otherNames are words that people use for protocols.
var otherNames = map[string]string{
	"ssl": "tls", "rfb": "vnc", "krb": "kerberos", "dce_rpc": "dcerpc", "opc-ua": "opcua", "opc_ua": "opcua", "iec-104": "iec104", "ethernet/ip": "enip", "s7": "s7comm", "mssql": "tds", "cifs": "smb", "ping": "icmp",
}

func protocolName(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if n, ok := otherNames[s]; ok {
		return n
	}
	return s
}

// parsePorts reads tcp/502, udp/1024-65535 and icmp.
func parsePorts(s string) (PortRange, error) {
	if s == icmp.String() {
		return PortRange{Transport: s}, nil
	}
	t, n, ok := strings.Cut(s, "/")
	low, high, ranged := strings.Cut(n, "-")
	if !ranged {
		high = low
	}
	a, err1 := strconv.ParseUint(low, 10, 16)
	b, err2 := strconv.ParseUint(high, 10, 16)
	if !ok || t != tcp.String() && t != udp.String() || err1 != nil || err2 != nil || a == 0 || a > b {
		return PortRange{}, fmt.Errorf("port %q is not such as tcp/502, udp/1024-65535 or icmp", s)
	}
	return PortRange{Transport: t, Low: uint16(a), High: uint16(b)}, nil
}

// WriteZones writes zones and conduits so that ReadZones reads the same.
func (z *Zoning) WriteZones(w io.Writer) error {
	var y yamlFile
	for _, x := range z.Zones {
		if x.Name == internetZone || x.Name == noZone {
			continue
		}
		v := yamlZone{Name: x.Name, Level: x.Level.String(), Safety: x.Safety}
		for _, n := range x.Networks {
			v.Networks = append(v.Networks, n.String())
		}
		for _, h := range x.Hosts {
			v.Hosts = append(v.Hosts, h.String())
		}
		y.Zones = append(y.Zones, v)
	}
	for i := range z.Conduits {
		y.Conduits = append(y.Conduits, z.Conduits[i].yaml())
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(y); err != nil {
		return fmt.Errorf("segmentation: %w", err)
	}
	return enc.Close()
}

func (c *Conduit) yaml() yamlConduit {
	y := yamlConduit{From: c.From, To: c.To, Protocols: c.Protocols, Why: c.Why}
	if c.Both {
		y.Direction = "both"
	}
	for _, h := range c.FromHosts {
		y.FromHosts = append(y.FromHosts, h.String())
	}
	for _, h := range c.ToHosts {
		y.ToHosts = append(y.ToHosts, h.String())
	}
	for _, p := range c.Ports {
		y.Ports = append(y.Ports, p.String())
	}
	return y
}
