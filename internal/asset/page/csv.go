package page

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"longwatch/internal/asset"
	"longwatch/internal/casefolder"
)

var header = []string{
	"id", "own", "addresses", "macs", "names", "role", "surety", "why", "other_roles", "vendor", "os", "os_surety", "software", "services", "identities",
	"uses", "rests_on", "stops", "owner", "criticality", "first_seen", "last_seen", "records", "notes", "cited",
}

// CSV writes a line for each asset. Cells that a spreadsheet would take for a
// formula are made plain.
func (r *Report) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write(header); err != nil {
		return err
	}
	uses := make([]int, len(r.Assets))
	for i := range r.Edges {
		uses[r.Edges[i].From]++
	}
	stops := map[int]int{}
	for i := range r.Impacts {
		stops[r.Impacts[i].Asset] = r.Impacts[i].Stops
	}
	for i, a := range r.Assets {
		row := line(a)
		row = append(row[:15], append([]string{strconv.Itoa(uses[i]), a.RestsOn, strconv.Itoa(stops[i])}, row[15:]...)...)
		for j := range row {
			row[j] = casefolder.PlainCell(row[j])
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// line is the asset's own part of its line.
func line(a *asset.Asset) []string {
	var addresses, others, software, services, identities []string
	for _, x := range a.Addresses {
		addresses = append(addresses, x.String())
	}
	var role asset.Role
	for i, x := range a.Roles {
		if i == 0 {
			role = x
			continue
		}
		others = append(others, x.Name+" ("+x.Surety.String()+")")
	}
	for i := range a.Software {
		if s := &a.Software[i]; s.Kind != asset.KindOS {
			software = append(software, called(s)+" ("+s.Surety.String()+")")
		}
	}
	for _, s := range a.Services {
		services = append(services, s.Proto+"/"+strconv.Itoa(int(s.Port))+" "+s.Name+" ("+strconv.Itoa(s.Clients)+")")
	}
	for _, id := range a.Identities {
		identities = append(identities, identity(&id))
	}
	os, surety := "", ""
	if s := a.OS(); s != nil {
		os, surety = called(s), s.Surety.String()
	}
	owner, criticality := "", ""
	if a.Listed != nil {
		owner, criticality = a.Listed.Owner, a.Listed.Criticality
	}
	roleSurety := ""
	if role.Name != "" {
		roleSurety = role.Surety.String()
	}
	return []string{
		a.ID, strconv.FormatBool(a.Own), join(addresses), join(a.MACs), join(a.Names), role.Name, roleSurety, role.Why, join(others), a.Vendor, os, surety, join(software), join(services), join(identities),
		owner, criticality, a.FirstSeen, a.LastSeen, strconv.FormatInt(a.Records, 10), join(a.Notes), join(a.Cited),
	}
}

func join(list []string) string { return strings.Join(list, "; ") }

// called is a product with its version, or without where none was told.
func called(s *asset.Software) string {
	if s.Version == "" {
		return s.Product + ", version unknown"
	}
	return s.Product + " " + s.Version
}

// identity is what a device says it is, on one line.
func identity(id *asset.Identity) string {
	parts := []string{id.Protocol}
	for _, p := range []string{id.Unit, id.Vendor, id.Product, id.Version, id.Name} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if id.Serial != "" {
		parts = append(parts, "serial "+id.Serial)
	}
	return strings.Join(append(parts, id.Other...), ", ")
}
