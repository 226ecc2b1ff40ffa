// Package falseflag plants what makes an intrusion look like somebody else's:
// names, words and addresses that were published of another actor and that
// anybody can copy. How the intruder works stays as it was.
package falseflag

import (
	"net/netip"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/scenario/ordinary"
	"longwatch/internal/simulate/truth"
)

// Profiles are the actors whose published signs there are.
func Profiles() []string { return []string{"op-512", "tgr-sta-1030", "volt-typhoon"} }

// sign is one thing to plant.
type sign struct {
	files     []string // written by a command shell, never run
	names     []string // looked up, and not answered
	addresses []string // dialled, and silent
	port      uint16
	agent     string // of a few requests to the web server
}

func signs(profile string, r *chance.Rand, user string) sign {
	switch profile {
	case "volt-typhoon":
		return sign{files: []string{`C:\Windows\Temp\` + chance.Pick(r, []string{"SMSvcService.exe", "WmiPreSV.exe"}), `C:\Users\Public\Appfile\` + chance.Pick(r, []string{"Lock.lic", "DMBC2C61.tmp"})}, addresses: []string{"109.104.154.116"}, port: 8443}
	case "op-512":
		return sign{files: []string{`C:\Windows\Temp\` + r.Letters(chance.Lower, 6) + `.ashx`}, names: []string{"c.hcgos.com"}, addresses: []string{"124.156.129.151"}, port: 8053, agent: "python-requests/2.33.0"}
	case "tgr-sta-1030":
		return sign{files: []string{`C:\Users\` + user + `\Videos\msedgeupdate.exe`, `C:\Users\` + user + `\Downloads\pic1.png`}, names: []string{chance.Pick(r, []string{"dog3rj.tech", "zamstats.me", "servgate.me"})}}
	}
	return sign{}
}

// Plant adds the signs of a profile to an intrusion, on a machine that it
// touched and within the time it took.
func Plant(s *estate.Site, c *truth.Campaign, profile string) {
	r := s.R.Sub("false flag/" + c.Profile)
	c.Posed = profile
	host := foothold(s, c)
	user := s.Staff()[0]
	for _, u := range s.Users {
		if u.Host == host {
			user = u
		}
	}
	x := signs(profile, r, user.Name)
	at := c.End.Add(-r.Duration(time.Minute, 20*time.Minute))
	step := func(h *estate.Host, what string, files ...string) {
		for i := range files {
			files[i] = s.Key + "/" + files[i]
		}
		c.Steps = append(c.Steps, truth.Step{Time: at.UTC(), What: "false sign of " + profile + ": " + what, Host: h.Name, Files: files, Dossier: []string{}})
		at = at.Add(r.Duration(4*time.Second, 40*time.Second))
	}
	shell := host.Spawn(at, host.Self(), host.Base(estate.NetSvcs), `C:\Windows\System32\cmd.exe`, `cmd.exe /q`)
	for _, f := range x.files {
		shell.CreateFile(at, f)
		step(host, "file "+f, truth.EVTX(host.Name, estate.Sysmon))
	}
	for _, name := range x.names {
		host.ResolveFailed(at, name)
		shell.Asked(at, name, "")
		step(host, "look-up of "+name, truth.EVTX(host.Name, estate.Sysmon), host.Sensor())
	}
	for _, a := range x.addresses {
		s.Capture.Unanswered(at, host.Station, s.Internet(netip.MustParseAddr(a)), host.Port(r), x.port)
		step(host, "call to "+a, host.Sensor())
	}
	if x.agent != "" {
		web := s.One(estate.WebServer)
		from := netip.AddrFrom4([4]byte{45, byte(r.Between(30, 200)), byte(r.IntN(256)), byte(r.Between(2, 254))})
		for range 3 {
			ordinary.Visit(s, at, web, from, x.agent, []ordinary.Ask{{Path: "/"}})
			step(web, "requests as "+x.agent, web.Sensor())
		}
	}
	shell.End(at)
	if at.After(c.End) {
		c.End = at.UTC()
	}
}

// foothold is a Windows machine of the intrusion, the first by name.
func foothold(s *estate.Site, c *truth.Campaign) *estate.Host {
	for _, name := range c.Hosts {
		for _, h := range s.Hosts {
			if h.Name == name && h.Windows() && h != s.DC {
				return h
			}
		}
	}
	return s.One(estate.AppServer)
}
