package intel

import (
	"slices"
	"strings"
)

// places are where Zeek's intelligence framework sees values
// (scripts/policy/frameworks/intel/seen/where-locations.zeek): the records and
// fields that have them here.
var places = map[string]struct{ records, fields []string }{
	"Conn::IN_ORIG":                    {[]string{"conn"}, []string{"id.orig_h"}},
	"Conn::IN_RESP":                    {[]string{"conn"}, []string{"id.resp_h"}},
	"DNS::IN_REQUEST":                  {[]string{"dns"}, []string{"query"}},
	"DNS::IN_RESPONSE":                 {[]string{"dns"}, []string{"answers"}},
	"Files::IN_HASH":                   {[]string{"files"}, []string{"md5", "sha1", "sha256"}},
	"Files::IN_NAME":                   {[]string{"files"}, []string{"filename"}},
	"HTTP::IN_HOST_HEADER":             {[]string{"http"}, []string{"host"}},
	"HTTP::IN_REFERRER_HEADER":         {[]string{"http"}, []string{"referrer"}},
	"HTTP::IN_URL":                     {[]string{"http"}, []string{"uri"}},
	"HTTP::IN_USER_AGENT_HEADER":       {[]string{"http"}, []string{"user_agent"}},
	"HTTP::IN_X_FORWARDED_FOR_HEADER":  {[]string{"http"}, []string{"proxied"}},
	"SMB::IN_FILE_NAME":                {[]string{"smb_files"}, []string{"name", "path"}},
	"SMTP::IN_CC":                      {[]string{"smtp"}, []string{"cc"}},
	"SMTP::IN_FROM":                    {[]string{"smtp"}, []string{"from"}},
	"SMTP::IN_MAIL_FROM":               {[]string{"smtp"}, []string{"mailfrom"}},
	"SMTP::IN_RCPT_TO":                 {[]string{"smtp"}, []string{"rcptto"}},
	"SMTP::IN_RECEIVED_HEADER":         {[]string{"smtp"}, []string{"path"}},
	"SMTP::IN_REPLY_TO":                {[]string{"smtp"}, []string{"reply_to"}},
	"SMTP::IN_TO":                      {[]string{"smtp"}, []string{"to"}},
	"SMTP::IN_X_ORIGINATING_IP_HEADER": {[]string{"smtp"}, []string{"x_originating_ip"}},
	"SSH::SUCCESSFUL_LOGIN":            {[]string{"ssh"}, []string{"id.orig_h", "id.resp_h"}},
	"SSL::IN_SERVER_NAME":              {[]string{"ssl", "quic"}, []string{"server_name"}},
	"X509::IN_CERT":                    {[]string{"x509", "ssl"}, []string{"fingerprint", "san.dns", "san.email", "san.ip", "san.uri", "certificate.subject", "cert_chain_fps"}},
}

// seenAt tells whether a field of a record is the place that a source limits an
// indicator to. A place that is not known limits it to the records of its module.
func seenAt(place, typ, field string) bool {
	if p, ok := places[place]; ok {
		return slices.Contains(p.records, typ) && slices.Contains(p.fields, field)
	}
	module, _, _ := strings.Cut(place, "::")
	return strings.EqualFold(module, typ)
}
