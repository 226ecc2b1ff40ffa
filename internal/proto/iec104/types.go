package iec104

import (
	"longwatch/internal/record/ot"
)

// kind is a type identification (IEC 60870-5-101 clause 7.2.1.1 and 7.3,
// IEC 60870-5-104 clause 8).
type kind struct {
	name   string
	size   int // of an object without its address; -1: it tells itself
	access string
}

// varies marks objects that tell their own size.
const varies = -1

var kindsByID = map[uint8]kind{
	1:   {"M_SP_NA_1", 1, ot.Read},
	2:   {"M_SP_TA_1", 4, ot.Read},
	3:   {"M_DP_NA_1", 1, ot.Read},
	4:   {"M_DP_TA_1", 4, ot.Read},
	5:   {"M_ST_NA_1", 2, ot.Read},
	6:   {"M_ST_TA_1", 5, ot.Read},
	7:   {"M_BO_NA_1", 5, ot.Read},
	8:   {"M_BO_TA_1", 8, ot.Read},
	9:   {"M_ME_NA_1", 3, ot.Read},
	10:  {"M_ME_TA_1", 6, ot.Read},
	11:  {"M_ME_NB_1", 3, ot.Read},
	12:  {"M_ME_TB_1", 6, ot.Read},
	13:  {"M_ME_NC_1", 5, ot.Read},
	14:  {"M_ME_TC_1", 8, ot.Read},
	15:  {"M_IT_NA_1", 5, ot.Read},
	16:  {"M_IT_TA_1", 8, ot.Read},
	17:  {"M_EP_TA_1", 6, ot.Read},
	18:  {"M_EP_TB_1", 7, ot.Read},
	19:  {"M_EP_TC_1", 7, ot.Read},
	20:  {"M_PS_NA_1", 5, ot.Read},
	21:  {"M_ME_ND_1", 2, ot.Read},
	30:  {"M_SP_TB_1", 8, ot.Read},
	31:  {"M_DP_TB_1", 8, ot.Read},
	32:  {"M_ST_TB_1", 9, ot.Read},
	33:  {"M_BO_TB_1", 12, ot.Read},
	34:  {"M_ME_TD_1", 10, ot.Read},
	35:  {"M_ME_TE_1", 10, ot.Read},
	36:  {"M_ME_TF_1", 12, ot.Read},
	37:  {"M_IT_TB_1", 12, ot.Read},
	38:  {"M_EP_TD_1", 10, ot.Read},
	39:  {"M_EP_TE_1", 11, ot.Read},
	40:  {"M_EP_TF_1", 11, ot.Read},
	45:  {"C_SC_NA_1", 1, ot.Control},
	46:  {"C_DC_NA_1", 1, ot.Control},
	47:  {"C_RC_NA_1", 1, ot.Control},
	48:  {"C_SE_NA_1", 3, ot.Control},
	49:  {"C_SE_NB_1", 3, ot.Control},
	50:  {"C_SE_NC_1", 5, ot.Control},
	51:  {"C_BO_NA_1", 4, ot.Control},
	58:  {"C_SC_TA_1", 8, ot.Control},
	59:  {"C_DC_TA_1", 8, ot.Control},
	60:  {"C_RC_TA_1", 8, ot.Control},
	61:  {"C_SE_TA_1", 10, ot.Control},
	62:  {"C_SE_TB_1", 10, ot.Control},
	63:  {"C_SE_TC_1", 12, ot.Control},
	64:  {"C_BO_TA_1", 11, ot.Control},
	70:  {"M_EI_NA_1", 1, ot.Read},
	100: {"C_IC_NA_1", 1, ot.Read},
	101: {"C_CI_NA_1", 1, ot.Read},
	102: {"C_RD_NA_1", 0, ot.Read},
	103: {"C_CS_NA_1", 7, ot.Config},
	104: {"C_TS_NA_1", 2, ot.Other},
	105: {"C_RP_NA_1", 1, ot.Control},
	106: {"C_CD_NA_1", 2, ot.Config},
	107: {"C_TS_TA_1", 9, ot.Other},
	110: {"P_ME_NA_1", 3, ot.Config},
	111: {"P_ME_NB_1", 3, ot.Config},
	112: {"P_ME_NC_1", 5, ot.Config},
	113: {"P_AC_NA_1", 1, ot.Config},
	120: {"F_FR_NA_1", 6, ot.Program},
	121: {"F_SR_NA_1", 7, ot.Program},
	122: {"F_SC_NA_1", 4, ot.Program},
	123: {"F_LS_NA_1", 5, ot.Program},
	124: {"F_AF_NA_1", 4, ot.Program},
	125: {"F_SG_NA_1", varies, ot.Program},
	126: {"F_DR_TA_1", 13, ot.Read},
	127: {"F_SC_NB_1", 16, ot.Program},
}

// Types that are looked into.
const (
	singleCommand     = 45
	doubleCommand     = 46
	regulatingCommand = 47
	setNormalised     = 48
	setScaled         = 49
	setFloat          = 50
	setBits           = 51
	timed             = 13 // between a command and the same with a time
	firstTimed        = 58
	lastTimed         = 64
	firstControl      = 45 // in control direction from here to lastControl
	lastControl       = 69
	firstSystem       = 100
	lastParameter     = 113
)

// causes of transmission (IEC 60870-5-101 clause 7.2.3).
var causes = map[uint8]string{
	1: "periodic", 2: "background scan", 3: "spontaneous", 4: "initialised", 5: "request", 6: "activation",
	7: "activation confirmation", 8: "deactivation", 9: "deactivation confirmation", 10: "activation termination",
	11: "return information by a remote command", 12: "return information by a local command", 13: "file transfer",
	14: "authentication", 15: "maintenance of authentication session key", 16: "maintenance of user role and update key",
	20: "interrogated by station", 21: "interrogated by group 1", 22: "interrogated by group 2", 23: "interrogated by group 3",
	24: "interrogated by group 4", 25: "interrogated by group 5", 26: "interrogated by group 6", 27: "interrogated by group 7",
	28: "interrogated by group 8", 29: "interrogated by group 9", 30: "interrogated by group 10", 31: "interrogated by group 11",
	32: "interrogated by group 12", 33: "interrogated by group 13", 34: "interrogated by group 14", 35: "interrogated by group 15",
	36: "interrogated by group 16", 37: "requested by general counter request", 38: "requested by group 1 counter request",
	39: "requested by group 2 counter request", 40: "requested by group 3 counter request", 41: "requested by group 4 counter request",
	44: "unknown type identification", 45: "unknown cause of transmission", 46: "unknown common address", 47: "unknown information object address",
}

// Causes that tell who sends a message of a type of both directions.
const (
	causeActivation      = 6
	causeConfirmation    = 7
	causeDeactivation    = 8
	causeDeactivationCon = 9
	causeTermination     = 10
	causeUnknownType     = 44
	causeUnknownLast     = 47
)
