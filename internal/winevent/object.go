package winevent

import (
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// auditFailure is the keyword of audit events about what was refused.
const auditFailure = 1 << 52

// audited is how an audit event says that it went.
func audited(e *event) string {
	if e.Keywords&auditFailure != 0 {
		return failure
	}
	return success
}

// object reads accesses to files and to registry keys and values, to processes
// and to everything else that is audited.
func object(e *event) record.Record {
	h := head(e, subject(e), get(e, "SubjectLogonId"))
	if e.EventID == 4657 {
		return &host.Registry{Head: h, Action: valueChange(get(e, "OperationType")), Key: get(e, "ObjectName") + `\` + get(e, "ObjectValueName"), Value: get(e, "NewValue"), Image: get(e, "ProcessName")}
	}
	kind, name := get(e, "ObjectType"), get(e, "ObjectName")
	handle, mask := get(e, "HandleId"), get(e, "AccessMask")
	image := get(e, "ProcessName")
	switch {
	case kind == "Process" && (e.EventID == 4656 || e.EventID == 4663) && audited(e) == success:
		return &host.Access{Head: h, Image: image, Target: name, Mask: strings.ToLower(mask)}
	case kind == "Key" && e.EventID == 4663 && number(mask)&(deleteIt|writeData) != 0:
		r := &host.Registry{Head: h, Action: "set", Key: name, Image: image} // KEY_SET_VALUE
		if number(mask)&deleteIt != 0 {
			r.Action = "deleted"
		}
		return r
	case kind == "File" && e.EventID == 4663:
		f := &host.FileEvent{Head: h, Action: "accessed", Path: name, Image: image}
		switch bits := number(mask); {
		case bits&deleteIt != 0:
			f.Action = "deleted"
		case bits&(writeData|appendData) != 0:
			f.Action = "changed"
		}
		return f
	}
	return &host.ObjectAccess{
		Head: h, Action: objectActions[e.EventID], Outcome: audited(e), Kind: kind, Object: name, Handle: strings.ToLower(handle), Access: strings.ToLower(mask),
		Before: get(e, "OldSd"), After: get(e, "NewSd"), PID: number(get(e, "ProcessId")), Image: image, Service: get(e, "ObjectServer"),
	}
}

// objectActions is what the events about objects tell.
var objectActions = map[uint32]string{
	4656: "requested", 4661: "requested",
	4660: "deleted",
	4663: "accessed",
	4670: "permissions-changed",
	4907: "auditing-changed",
}

// privilege reads the use of a privilege: 4673 by itself, 4674 on an object.
func privilege(e *event) record.Record {
	return &host.ObjectAccess{
		Head: head(e, subject(e), get(e, "SubjectLogonId")), Action: "privilege-used", Outcome: audited(e),
		Kind: get(e, "ObjectType"), Object: strings.Join(strings.Fields(get(e, "PrivilegeList")), " "),
		Access: strings.ToLower(get(e, "AccessMask")), PID: number(get(e, "ProcessId")), Image: get(e, "ProcessName"), Service: get(e, "ObjectServer"),
	}
}

// shareChange reads file shares that were made, changed or taken away.
func shareChange(e *event) record.Record {
	actions := map[uint32]string{5142: "created", 5143: "changed", 5144: "deleted"}
	s := &host.ShareChange{Head: head(e, subject(e), get(e, "SubjectLogonId")), Action: actions[e.EventID], Share: get(e, "ShareName"), Before: get(e, "OldSD"), After: get(e, "NewSD")}
	if s.Path = get(e, "ShareLocalPath"); s.Path == "" {
		s.Path = get(e, "SharePath")
	}
	return s
}

// securityPackage reads code that the local security authority took in: names
// of authentication packages and password filters, with the library where the
// event tells it (C:\Windows\system32\msv1_0.DLL : NTLM).
func securityPackage(e *event) record.Record {
	name := ""
	for _, field := range []string{"AuthenticationPackageName", "SecurityPackageName", "NotificationPackageName", "LogonProcessName"} {
		if name = strings.TrimSpace(get(e, field)); name != "" {
			break
		}
	}
	path, _, _ := strings.Cut(name, " : ")
	return &host.Module{Head: head(e, subject(e), get(e, "SubjectLogonId")), Image: "lsass.exe", Path: path}
}

// certificate reads what a certification authority did with a request.
func certificate(e *event) record.Record {
	actions := map[uint32]string{4886: "requested", 4887: "issued", 4888: "denied"}
	return &host.Certificate{
		Head: head(e, get(e, "Requester"), ""), Action: actions[e.EventID], Request: get(e, "RequestId"), Requester: get(e, "Requester"),
		Subject: get(e, "Subject"), Attributes: strings.Join(strings.Fields(get(e, "Attributes")), " "),
	}
}

// exported reads a certificate that left the machine's store.
func exported(e *event) record.Record {
	if e.EventID != 1007 {
		return nil
	}
	c := &host.Certificate{Head: head(e, e.UserSID, ""), Action: "exported", Subject: get(e, "SubjectNames")}
	if c.Subject == "" {
		c.Subject = get(e, "SubjectName")
	}
	c.Attributes = get(e, "Template")
	return c
}
