package accounts

// The steps, in their order.
const (
	stepMade = iota
	stepUsedAdmins
	stepUsed
	stepServices
	stepExposedAdmins
	stepEmergency
	stepTickets
	stepTicketsAgain
	stepMachines
	stepExposed
)

// lastInWindow is the last step of the window in which the intruder is thrown
// out: with krbtgt's first reset, the tickets that he makes himself are dated.
const lastInWindow = stepTickets

// before is what must be so before the first step.
var before = []string{
	"The intruder's ways in and out are known and are cut in the same window: a reset that he sees while he is in is a warning, not a cure.",
	"Memory and logs of the machines that he uses are preserved.",
	"Two people hold an emergency account each that the incident does not name, tried today, from a machine that was installed anew; its password is not in a store that the intruder could reach.",
	"The threshold at which accounts lock is known, and who unlocks them at night.",
}

// step is a step with its words.
type step struct {
	rank                          int
	domain                        bool // taken when the domain's secrets are lost, whether accounts stand in it or not
	do, why, careful, undo, proof string
}

var steps = []step{
	{
		rank: stepMade,
		do:   "Disable the accounts that the intruder made and end their sessions; do not delete them.",
		why:  "Nobody works with them: nothing breaks, and they are his way back. Their identifiers lead through the logs, which is why they stay.",
		undo: "Enable the account again.", proof: "No logon of them from now on, and each attempt raises an alarm.",
	},
	{
		rank:    stepUsedAdmins,
		do:      "Within one minute: disable the administrators' accounts that the intruder used, end their sessions on every host they are logged on to, and delete their tickets there. Give their owners new accounts, made from a clean machine.",
		why:     "With them he undoes everything else. All at once, so that none can save the others; the one he had first stands first, because others were taken with it.",
		careful: "Who works with them cannot until the new account is handed over: in person or by phone.",
		undo:    "Enable the account again, with a new password.", proof: "No logon of them is left on any host (klist sessions, quser, logon events), and attempts are refused.",
	},
	{
		rank:    stepUsed,
		do:      "Disable the accounts of people that the intruder used, end their sessions and revoke their tokens at mail and cloud services; give a new password by hand, and enrol the second factor anew.",
		why:     "He logs on as them. After the administrators, because they cannot undo a reset.",
		careful: "Their owners cannot work until they have the new password.",
		undo:    "Enable the account again, with a new password.", proof: "No session from before the reset is left; the next logon is the owner's own, by phone.",
	},
	{
		rank:    stepServices,
		do:      "For each service account: first put down every service, task, application pool and connection that holds its password; then, host by host in one window, set the new password there and in the directory. Better, replace it by a managed account (gMSA).",
		why:     "Its password is on every host that it runs on, so that touching one host was enough to have it; and it seldom expires. Not earlier, because what runs as it stops; not later, because it is a way back.",
		careful: "What still has the old password tries it again and again, and locks the account for all.",
		undo:    "None for the old password. If a service fails: set the new password there, restart it, unlock the account.", proof: "Logons of type 5 and 4 of the account succeed on each of its hosts, and failures with a wrong password (4771, 4776, 4625) stay away for a day.",
	},
	{
		rank:    stepExposedAdmins,
		do:      "Reset the administrators' accounts whose secrets were within reach, in the same window, from a clean machine.",
		why:     "Nothing shows that he used them, and he could have taken them at any time.",
		careful: "Keep two that were reset and tried before the next ones are.",
		undo:    "None: hand out another password.", proof: "Each owner has logged on once with the new password from a clean machine.",
	},
	{
		rank:    stepEmergency,
		do:      "Now change the passwords of emergency and built-in administrators' accounts, one after the other, and try each before the next. Local ones get a different password on every machine (LAPS).",
		why:     "They were what would have helped had something gone wrong; now the new administrators' accounts do. Before krbtgt: with one of them left to him, the intruder reads its new secret.",
		careful: "Never both at once.",
		undo:    "None: the new password lies in the safe.", proof: "Each was tried once from a clean machine, and that logon raised the alarm that it must raise.",
	},
	{
		rank: stepTickets, domain: true,
		do:      "Reset krbtgt once, as the last act of the window, when no account and no session on a domain controller is his any more and replication is whole; those of read-only controllers (krbtgt_NNNNN) too.",
		why:     "Tickets that he made himself stay good until its secret is changed, whatever else is reset: what follows takes days, and he would have them all that time. Earlier he would have read the new one.",
		careful: "Run repadmin /showrepl before: a controller that misses it refuses everybody's tickets.",
		undo:    "None. If tickets are refused, let the controllers replicate and restart the KDC service.", proof: "pwdLastSet of krbtgt is the same on every controller; logons go on.",
	},
	{
		rank: stepTicketsAgain, domain: true,
		do:      "Reset krbtgt a second time, not before the longest life of a ticket has passed (10 hours unless changed) and the first has replicated everywhere.",
		why:     "The domain accepts the secret before the present one as well: only the second reset makes tickets of the old one worthless.",
		careful: "Too early, it ends every ticket of the domain at once.",
		undo:    "None.", proof: "Tickets from before the first reset are refused (4769 with 0x1F, or 4770 failures), and from now on each such event is an alarm.",
	},
	{
		rank:    stepMachines,
		do:      "Reset the machine accounts of hosts that the intruder acted on, when they are installed anew or cleaned; of a domain controller with netdom resetpwd, twice, its Kerberos service stopped.",
		why:     "Their secrets make tickets for the services of the host (silver tickets). Not in the window, but when the host is clean: a new secret on a host of his is his too. If a domain controller was his until then, krbtgt is reset once more after it.",
		careful: "A machine whose password differs from the directory's falls out of the domain: have a local account to get in.",
		undo:    "Join the machine to the domain again.", proof: "nltest /sc_verify succeeds on each.",
	},
	{
		rank:    stepExposed,
		do:      "Let everybody else whose secret was within reach change the password at the next logon, within a day.",
		why:     "Last of the people, because it makes the most noise and the others are the way to undo it.",
		careful: "The help desk will be called a great deal: tell it before, with a way to know callers.",
		undo:    "None needed.", proof: "No account is left whose password is older than the window.",
	},
}
