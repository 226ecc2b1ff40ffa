package winevent

import (
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// security reads the audit events of the Security log.
func security(e *event) record.Record {
	switch e.EventID {
	case 4688:
		return process(e)
	case 4689:
		return &host.ProcessEnd{Head: head(e, subject(e), get(e, "SubjectLogonId")), PID: number(get(e, "ProcessId")), Image: get(e, "ProcessName"), Status: get(e, "Status")}
	case 4634, 4647:
		return &host.Logoff{Head: head(e, target(e), get(e, "TargetLogonId")), LogonType: number(get(e, "LogonType")), Asked: e.EventID == 4647}
	case 4624, 4625, 4648, 4672, 4776, 4778:
		return logon(e)
	case 4768, 4769, 4770, 4771:
		return ticket(e)
	case 4697:
		return &host.Service{
			Head:      head(e, subject(e), get(e, "SubjectLogonId")),
			Action:    "installed",
			Name:      get(e, "ServiceName"),
			Path:      get(e, "ServiceFileName"),
			Kind:      get(e, "ServiceType"),
			StartType: get(e, "ServiceStartType"),
			Account:   get(e, "ServiceAccount"),
		}
	case 4698, 4699, 4700, 4701, 4702:
		return auditedTask(e)
	case 4657, 4663:
		return object(e)
	case 5140, 5145:
		return share(e)
	case 5156:
		return filtered(e)
	}
	return directory(e)
}

func process(e *event) record.Record {
	user, session := subject(e), get(e, "SubjectLogonId")
	p := &host.Process{
		PID:         number(get(e, "NewProcessId")),
		Image:       get(e, "NewProcessName"),
		ParentPID:   number(get(e, "ProcessId")),
		CommandLine: e.Get("CommandLine"),
	}
	if t := target(e); t != "" { // started as somebody else
		user, session = t, get(e, "TargetLogonId")
	}
	p.Head = head(e, user, session)
	p.ParentImage = get(e, "ParentProcessName")
	p.Integrity = integrity(get(e, "MandatoryLabel"))
	return p
}

// integrity names a mandatory label (MS-DTYP 2.4.2.4).
func integrity(sid string) string {
	switch sid {
	case "S-1-16-0":
		return "Untrusted"
	case "S-1-16-4096":
		return "Low"
	case "S-1-16-8192":
		return "Medium"
	case "S-1-16-8448":
		return "MediumPlus"
	case "S-1-16-12288":
		return "High"
	case "S-1-16-16384":
		return "System"
	}
	return sid
}

// Bits of a file's access mask (MS-SMB2 2.2.13.1.1) that change it.
const (
	writeData   = 0x2
	appendData  = 0x4
	deleteChild = 0x40
	deleteIt    = 0x10000
	changes     = writeData | appendData | deleteChild | deleteIt
)

func share(e *event) record.Record {
	mask := number(get(e, "AccessMask"))
	return &host.ShareAccess{
		Head:   head(e, subject(e), get(e, "SubjectLogonId")),
		Source: address(get(e, "IpAddress")),
		Share:  get(e, "ShareName"),
		Path:   get(e, "RelativeTargetName"),
		Access: strings.ToLower(get(e, "AccessMask")),
		Write:  mask&changes != 0,
	}
}

// object reads accesses to files and to registry keys and values.
func object(e *event) record.Record {
	h := head(e, subject(e), get(e, "SubjectLogonId"))
	image := get(e, "ProcessName")
	mask := number(get(e, "AccessMask"))
	switch kind := get(e, "ObjectType"); {
	case e.EventID == 4657:
		return &host.Registry{Head: h, Action: valueChange(get(e, "OperationType")), Key: get(e, "ObjectName") + `\` + get(e, "ObjectValueName"), Value: get(e, "NewValue"), Image: image}
	case kind == "Key" && mask&deleteIt != 0:
		return &host.Registry{Head: h, Action: "deleted", Key: get(e, "ObjectName"), Image: image}
	case kind == "Key" && mask&writeData != 0: // KEY_SET_VALUE
		return &host.Registry{Head: h, Action: "set", Key: get(e, "ObjectName"), Image: image}
	case kind != "File":
		return nil
	}
	f := &host.FileEvent{Head: h, Action: "accessed", Path: get(e, "ObjectName"), Image: image}
	switch {
	case mask&deleteIt != 0:
		f.Action = "deleted"
	case mask&(writeData|appendData) != 0:
		f.Action = "changed"
	}
	return f
}

// valueChange names what 4657 did to a registry value.
func valueChange(code string) string {
	switch code {
	case "%%1904":
		return "created"
	case "%%1906":
		return "deleted"
	}
	return "set"
}

// filtered reads a connection that the Windows Filtering Platform let pass.
// Source is who opened it, in both directions.
func filtered(e *event) record.Record {
	return &host.Socket{
		Head:      head(e, "", ""),
		Image:     get(e, "Application"),
		Proto:     transport(get(e, "Protocol")),
		Initiated: get(e, "Direction") == "%%14593",
		OrigH:     address(get(e, "SourceAddress")),
		OrigP:     port(get(e, "SourcePort")),
		RespH:     address(get(e, "DestAddress")),
		RespP:     port(get(e, "DestPort")),
	}
}

// transport names an IP protocol number.
func transport(number string) string {
	switch number {
	case "1":
		return "icmp"
	case "6":
		return "tcp"
	case "17":
		return "udp"
	case "58":
		return "ipv6-icmp"
	}
	return number
}
