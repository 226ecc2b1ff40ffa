package winevent

import (
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// directoryActions is what the account management and directory service
// events of Security did.
var directoryActions = map[uint32]string{
	4662: "accessed",
	4720: "created", 4741: "created",
	4722: "enabled",
	4723: "password-reset", 4724: "password-reset", 4794: "password-reset",
	4725: "disabled",
	4726: "deleted", 4743: "deleted",
	4738: "changed", 4742: "changed", 4739: "changed", 4781: "changed",
	4727: "created", 4731: "created", 4754: "created",
	4730: "deleted", 4734: "deleted", 4758: "deleted",
	4735: "changed", 4737: "changed", 4755: "changed",
	4728: "member-added", 4732: "member-added", 4756: "member-added",
	4729: "member-removed", 4733: "member-removed", 4757: "member-removed",
	4740: "locked-out", 4767: "unlocked",
	4704: "right-added", 4717: "right-added",
	4705: "right-removed", 4718: "right-removed",
	4764: "changed", 4780: "changed",
	4706: "trust-added", 4707: "trust-removed", 4716: "trust-changed", 4865: "trust-added", 4866: "trust-removed", 4867: "trust-changed",
	4745: "changed", 4750: "changed", 4760: "changed",
	4765: "history-added", 4766: "history-added",
	4782: "password-read",
	4798: "enumerated", 4799: "enumerated",
	4744: "created", 4749: "created", 4759: "created",
	4748: "deleted", 4753: "deleted", 4763: "deleted",
	4746: "member-added", 4751: "member-added", 4761: "member-added",
	4747: "member-removed", 4752: "member-removed", 4762: "member-removed",
	5136: "changed",
	5137: "created",
	5138: "restored",
	5139: "moved",
	5141: "deleted",
}

func directory(e *event) record.Record {
	action, ok := directoryActions[e.EventID]
	if !ok {
		return nil
	}
	d := &host.Directory{Head: head(e, subject(e), get(e, "SubjectLogonId")), Action: action, Object: target(e)}
	switch e.EventID {
	case 4662:
		d.Object, d.Properties = get(e, "ObjectName"), get(e, "Properties")
	case 5138, 5139:
		d.Object, d.Properties = get(e, "NewObjectDN"), get(e, "OldObjectDN")
	case 4704, 4705:
		d.Object, d.Properties = get(e, "TargetSid"), strings.Join(strings.Fields(get(e, "PrivilegeList")), " ")
	case 4717, 4718:
		d.Object, d.Properties = get(e, "TargetSid"), get(e, "AccessGranted")+get(e, "AccessRemoved")
	case 5136, 5137, 5141:
		d.Object, d.Properties = get(e, "ObjectDN"), get(e, "AttributeLDAPDisplayName")
	case 4728, 4729, 4732, 4733, 4756, 4757, 4746, 4747, 4751, 4752, 4761, 4762:
		if d.Properties = get(e, "MemberName"); d.Properties == "" {
			d.Properties = get(e, "MemberSid")
		}
	case 4706, 4707, 4716:
		d.Object, d.Properties = firstOf(e, "DomainName", "DomainSid"), get(e, "TdoAttributes")
	case 4865, 4866, 4867:
		d.Object, d.Properties = get(e, "ForestRoot"), get(e, "TopLevelName")
	case 4765, 4766:
		d.Properties = firstOf(e, "SourceUserName", "SourceSid")
	case 4798, 4799:
		d.Properties = get(e, "CallerProcessName")
	case 4781:
		d.Object, d.Properties = account(e, "TargetDomainName", "NewTargetUserName"), get(e, "OldTargetUserName")
	}
	return d
}
