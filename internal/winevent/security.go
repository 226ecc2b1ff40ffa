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
	case 4768, 4769, 4770, 4771, 4772, 4773:
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
	case 4656, 4657, 4660, 4661, 4663, 4670, 4907:
		return object(e)
	case 5140, 5145:
		return share(e)
	case 5152, 5154, 5155, 5156, 5157, 5158, 5159:
		return filtered(e)
	}
	return seldom(e)
}

// seldom reads the audit events that are few.
func seldom(e *event) record.Record {
	switch e.EventID {
	case 4608, 4609, 4616, 4800, 4801:
		return auditedState(e)
	case 4610, 4611, 4614, 4622:
		return securityPackage(e)
	case 4673, 4674:
		return privilege(e)
	case 4713, 4719:
		return policy(e)
	case 4779:
		return left(e)
	case 4886, 4887, 4888:
		return certificate(e)
	case 4946, 4947, 4948, 4949, 4950:
		return auditedRule(e)
	case 5142, 5143, 5144:
		return shareChange(e)
	case 6272, 6273:
		return radius(e)
	case 6416, 6419, 6420, 6421, 6422, 6423, 6424:
		return device(e)
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
