package mms

import (
	"longwatch/internal/ber"
	"longwatch/internal/record/ot"
)

// service is a confirmed service.
type service struct{ name, access string }

const svcWrite = 5

// services are the choices of ConfirmedServiceRequest.
var services = map[uint8]service{
	0:        {"status", ot.Read},
	1:        {"getNameList", ot.Read},
	2:        {"identify", ot.Read},
	3:        {"rename", ot.Config},
	4:        {"read", ot.Read},
	svcWrite: {"write", ot.Write},
	6:        {"getVariableAccessAttributes", ot.Read},
	7:        {"defineNamedVariable", ot.Config},
	8:        {"defineScatteredAccess", ot.Config},
	9:        {"getScatteredAccessAttributes", ot.Read},
	10:       {"deleteVariableAccess", ot.Config},
	11:       {"defineNamedVariableList", ot.Config},
	12:       {"getNamedVariableListAttributes", ot.Read},
	13:       {"deleteNamedVariableList", ot.Config},
	14:       {"defineNamedType", ot.Config},
	15:       {"getNamedTypeAttributes", ot.Read},
	16:       {"deleteNamedType", ot.Config},
	17:       {"input", ot.Read},
	18:       {"output", ot.Write},
	19:       {"takeControl", ot.Control},
	20:       {"relinquishControl", ot.Control},
	21:       {"defineSemaphore", ot.Config},
	22:       {"deleteSemaphore", ot.Config},
	23:       {"reportSemaphoreStatus", ot.Read},
	24:       {"reportPoolSemaphoreStatus", ot.Read},
	25:       {"reportSemaphoreEntryStatus", ot.Read},
	26:       {"initiateDownloadSequence", ot.Program},
	27:       {"downloadSegment", ot.Program},
	28:       {"terminateDownloadSequence", ot.Program},
	29:       {"initiateUploadSequence", ot.Program},
	30:       {"uploadSegment", ot.Program},
	31:       {"terminateUploadSequence", ot.Program},
	32:       {"requestDomainDownload", ot.Program},
	33:       {"requestDomainUpload", ot.Program},
	34:       {"loadDomainContent", ot.Program},
	35:       {"storeDomainContent", ot.Program},
	36:       {"deleteDomain", ot.Program},
	37:       {"getDomainAttributes", ot.Read},
	38:       {"createProgramInvocation", ot.Program},
	39:       {"deleteProgramInvocation", ot.Program},
	40:       {"start", ot.Control},
	41:       {"stop", ot.Control},
	42:       {"resume", ot.Control},
	43:       {"reset", ot.Control},
	44:       {"kill", ot.Control},
	45:       {"getProgramInvocationAttributes", ot.Read},
	46:       {"obtainFile", ot.Program},
	47:       {"defineEventCondition", ot.Config},
	48:       {"deleteEventCondition", ot.Config},
	49:       {"getEventConditionAttributes", ot.Read},
	50:       {"reportEventConditionStatus", ot.Read},
	51:       {"alterEventConditionMonitoring", ot.Config},
	52:       {"triggerEvent", ot.Control},
	53:       {"defineEventAction", ot.Config},
	54:       {"deleteEventAction", ot.Config},
	55:       {"getEventActionAttributes", ot.Read},
	56:       {"reportEventActionStatus", ot.Read},
	57:       {"defineEventEnrollment", ot.Config},
	58:       {"deleteEventEnrollment", ot.Config},
	59:       {"alterEventEnrollment", ot.Config},
	60:       {"reportEventEnrollmentStatus", ot.Read},
	61:       {"getEventEnrollmentAttributes", ot.Read},
	62:       {"acknowledgeEventNotification", ot.Control},
	63:       {"getAlarmSummary", ot.Read},
	64:       {"getAlarmEnrollmentSummary", ot.Read},
	65:       {"readJournal", ot.Read},
	66:       {"writeJournal", ot.Write},
	67:       {"initializeJournal", ot.Config},
	68:       {"reportJournalStatus", ot.Read},
	69:       {"createJournal", ot.Config},
	70:       {"deleteJournal", ot.Config},
	71:       {"getCapabilityList", ot.Read},
	72:       {"fileOpen", ot.Read},
	73:       {"fileRead", ot.Read},
	74:       {"fileClose", ot.Other},
	75:       {"fileRename", ot.Config},
	76:       {"fileDelete", ot.Config},
	77:       {"fileDirectory", ot.Read},
}

// reports are the choices of UnconfirmedService.
var reports = [...]string{"informationReport", "unsolicitedStatus", "eventNotification"}

func serviceOf(tag uint8) service {
	if s, ok := services[tag]; ok {
		return s
	}
	return service{"unknown", ot.Other}
}

const (
	maxNames = 32
	maxName  = 129 // of one, twice 64 and a slash
	maxDepth = 8
)

// Types of strings that names are.
const (
	visibleString = 26 // Identifier
	graphicString = 25 // of a file name
)

// walk collects the names within a request: an identifier alone, or with its
// domain before it (ObjectName, ISO 9506-2 clause 7.5.1).
func (m *Message) walk(b []byte, depth int) {
	domain := ""
	for len(b) > 0 && len(m.Names) < maxNames {
		v, rest, ok := ber.Next(b)
		if !ok {
			break
		}
		b = rest
		switch {
		case v.Is(ber.Universal, visibleString):
			if domain != "" {
				m.name(domain, v.Body)
				domain = ""
			} else if next, _, ok := ber.Next(b); ok && next.Is(ber.Universal, visibleString) {
				domain = string(v.Body[:min(len(v.Body), maxName)])
			} else {
				m.name("", v.Body)
			}
		case v.Is(ber.Universal, graphicString):
			m.name("", v.Body)
		case v.Constructed && depth < maxDepth:
			m.walk(v.Body, depth+1)
		case v.Class == ber.Context && v.Tag <= 2 && identifier(v.Body):
			m.name("", v.Body)
		}
	}
}

// identifier tells whether a value of a context tag is a name and not a number
// or a value: letters, digits, "_" and "$" (ISO 9506-2 clause 7.6), of two
// characters or more, the first no digit.
func identifier(b []byte) bool {
	if len(b) < 2 || b[0] >= '0' && b[0] <= '9' {
		return false
	}
	for _, c := range b {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '_' && c != '$' {
			return false
		}
	}
	return true
}

// name adds one.
func (m *Message) name(domain string, b []byte) {
	if len(b) == 0 || len(m.Names) >= maxNames {
		return
	}
	s := string(b[:min(len(b), maxName)])
	if domain != "" {
		s = domain + "/" + s
	}
	m.Names = append(m.Names, s)
}
