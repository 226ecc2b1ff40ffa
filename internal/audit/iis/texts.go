package iis

import "longwatch/internal/attack"

// text is what is the same for every finding of a check.
type text struct {
	title, do  string
	dossier    []string
	techniques []attack.ID
}

func ids(s ...string) []string { return s }

func tech(s ...attack.ID) []attack.ID { return s }

const (
	compareDeployment = "Compare with the deployment; when nobody owns it, keep the file and its times, then remove it and look for what it answered in the IIS logs."
	keepAndHash       = "Keep the DLL with its times, hash it, check its signature and who installed it (IIS-Configuration event 29); when nobody owns it, treat the server as taken over."
	newKeys           = "Make new keys on every node of the farm at the same time, look for event 1316 and long __VIEWSTATE requests, and keep keys out of repositories."
)

// texts are all checks there are.
var texts = map[string]text{
	"native-module":        {"native module beyond the defaults", keepAndHash, ids("OP-23"), tech("T1505.004")},
	"native-masquerade":    {"native module with a default name and another DLL", keepAndHash, ids("OP-23"), tech("T1505.004", "T1036.005")},
	"managed-module":       {"managed module beyond the defaults", compareDeployment, ids("OP-23"), tech("T1505.004")},
	"handler":              {"handler beyond the defaults", compareDeployment, ids("OP-23", "OP-31"), tech("T1505.003")},
	"handler-static":       {"static file type is run as code", "Remove the mapping and look at every file of the type below it, with its times.", ids("OP-03", "OP-31"), tech("T1505.003")},
	"handler-cgi":          {"CGI, FastCGI or ISAPI engine beyond the defaults", compareDeployment, ids("OP-03"), tech("T1505.003")},
	"handler-known":        {"handler with a history of exploited flaws", "Update or remove the component, and look for requests to it from before.", ids("OP-22"), tech("T1190")},
	"isapi-filter":         {"ISAPI filter beyond the defaults", keepAndHash, ids("OP-23"), tech("T1505.004")},
	"cgi-unlisted":         {"CGI or ISAPI programs that nobody listed may run", "Set it to false and list what is needed.", ids("OP-03"), tech("T1505.004")},
	"cgi-identity":         {"CGI programs run as the pool, not as the user", "Set createProcessAsUser to true.", ids("OP-14"), tech("T1505.003")},
	"build-provider":       {"file type is compiled as a page", "Remove the provider and look at every file of the type.", ids("OP-03", "OP-31"), tech("T1505.003")},
	"config-code":          {"configuration file holds server-side code", "Keep the file: it is a web shell. Find who wrote it and what was asked of it.", ids("OP-02", "OP-21"), tech("T1505.003")},
	"config-served":        {"configuration or program folders can be requested", "Put the hidden segment or denied extension back.", ids("OP-25"), tech("T1505.003", "T1552.001")},
	"machinekey-static":    {"static machineKey", newKeys, ids("OP-22"), tech("T1190")},
	"machinekey-published": {"machineKey that is publicly known", newKeys, ids("OP-22"), tech("T1190")},
	"machinekey-guessable": {"machineKey that was not made by chance", newKeys, ids("OP-22"), tech("T1190")},
	"machinekey-shared":    {"one machineKey in several applications", newKeys, ids("OP-22"), tech("T1190")},
	"machinekey-algorithm": {"weak validation or decryption", "Use HMACSHA256 or better and AES.", ids("OP-22"), tech("T1190")},
	"viewstate-mac":        {"ViewState is not signed", "Remove the setting, install the updates of .NET since 2014, which ignore it, and treat the application as open to code execution.", ids("OP-22"), tech("T1190")},
	"viewstate-plain":      {"ViewState is never encrypted, or its events never checked", "Set viewStateEncryptionMode to Auto or Always, and event validation on.", ids("OP-22"), tech("T1190")},
	"request-validation":   {"request validation is off or old", "Turn it on, with exceptions for single fields in code.", ids("OP-01"), tech("T1190")},
	"debug":                {"debug compilation", "Set debug to false; set deployment retail in machine.config of servers.", ids("OP-01"), tech("T1592.002")},
	"errors-shown":         {"errors are shown to everybody", "Set customErrors to RemoteOnly or On and errorMode to DetailedLocalOnly.", ids("OP-01"), tech("T1592.002")},
	"trace":                {"ASP.NET tracing can be read", "Turn tracing off.", ids("OP-25"), tech("T1592.002")},
	"directory-browsing":   {"directory browsing is on", "Turn it off; look in the logs for who read listings.", ids("OP-01"), tech("T1083")},
	"upload-runs":          {"upload folder may run scripts", `Give the folder <handlers accessPolicy="Read"/>, or keep uploads outside the web root.`, ids("OP-02", "OP-03"), tech("T1505.003")},
	"upload-holds-script":  {"scripts among uploads that may run", "Do not request them. Keep them with their times and judge them with scan; then take script rights away.", ids("OP-02", "OP-03", "OP-04"), tech("T1505.003")},
	"media-runs":           {"folders that hold only media may run scripts", `Give the folders <handlers accessPolicy="Read"/>.`, ids("OP-03"), tech("T1505.003")},
	"access-policy":        {"rights to write or execute together with scripts", "Leave Read and Script only.", ids("OP-02", "OP-03"), tech("T1505.003")},
	"webdav":               {"WebDAV authoring is on", "Turn it off, or bound it to accounts and folders without script rights.", ids("OP-02"), tech("T1505.003", "T1105")},
	"net-outdated":         {".NET version without support", "Move to a supported framework; until then keep the server off the internet.", ids("OP-01"), tech("T1190")},
	"log-off":              {"requests are not logged", "Turn logging on; ask since when it is off (IIS-Configuration event 29, configuration history).", ids("OP-24"), tech("T1562.002")},
	"log-partly":           {"the log leaves out requests or fields that hunting needs", "Log in W3C format with all fields named.", ids("OP-12", "OP-24"), tech("T1562.002")},
	"log-custom":           {"the log does not keep the address behind a proxy", "Add X-Forwarded-For as a custom field where a proxy or balancer stands before the server.", ids("OP-12"), nil},
	"log-place":            {"logs are written to an unusual folder", "Make sure that the folder is collected and that the pool cannot change it.", ids("OP-24"), tech("T1562.002")},
	"pool-identity":        {"application pool runs with high rights", "Use ApplicationPoolIdentity; whoever runs code in the pool is SYSTEM without any further step.", ids("OP-16"), tech("T1078.003")},
	"clear-secret":         {"password in clear", "Change the password and protect the section (aspnet_regiis -pe, appcmd encrypts pools by itself).", ids("OP-25"), tech("T1552.001")},
	"pool-injection":       {"code is loaded into the worker from outside", keepAndHash, ids("OP-23"), tech("T1574.012")},
	"pool-action":          {"program that runs when a pool fails", compareDeployment, ids("OP-19"), tech("T1546")},
	"auto-start":           {"code that starts with the server", compareDeployment, ids("OP-19"), tech("T1505.004")},
	"impersonation":        {"impersonation", "Check that the account has no more rights than the application needs.", ids("OP-16"), tech("T1134.001")},
	"trust":                {"code access trust is set", "Partial trust keeps nobody out since .NET 4: separate applications by pools.", ids("OP-01"), nil},
	"virtual-directory":    {"virtual directory at an unusual place", compareDeployment, ids("OP-02"), tech("T1505.003")},
	"shell-process":        {"the web server starts a shell or script host", compareDeployment, ids("OP-14"), tech("T1059")},
	"proxy":                {"requests are passed to another server", "Check that the target is yours.", ids("OP-29"), tech("T1090")},
	"redirected":           {"configuration lies elsewhere", "Collect the folder named and check who may write there.", ids("OP-23"), tech("T1505.004")},
	"unreadable":           {"section cannot be read", "Decrypt it on the server (aspnet_regiis -pd, appcmd list) or collect the file named, and audit again.", nil, nil},
	"administration":       {"module of the IIS manager beyond the defaults", compareDeployment, ids("OP-23"), tech("T1505.004")},
	"runtime":              {"the .NET runtime is told to load or hide code", keepAndHash, ids("OP-23", "OP-31"), tech("T1574.014")},
	"ssi":                  {"server-side includes may run programs", "Set ssiExecDisable to true.", ids("OP-14"), tech("T1505.003")},
	"temporary-files":      {"compiled pages are kept at another place", "Collect that folder: it holds what OP-18 looks for.", ids("OP-18"), tech("T1505.003")},
}
