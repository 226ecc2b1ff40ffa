package appliance

import "strings"

// The columns of PAN-OS messages in the order in which the default format
// writes them, by the vendor's variable names (PAN-OS Administrator's Guide,
// Syslog Field Descriptions, 9.1 to 11.1). Later versions append columns and
// change none: a message of an older version ends earlier. Columns kept for the
// future have no name.
var panosFields = map[string][]string{
	"TRAFFIC": list(`. receive_time serial type subtype . time_generated src dst natsrc natdst rule srcuser dstuser app vsys from to
		inbound_if outbound_if logset . sessionid repeatcnt sport dport natsport natdport flags proto action bytes bytes_sent bytes_received
		packets start elapsed category . seqno actionflags srcloc dstloc . pkts_sent pkts_received session_end_reason
		dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name device_name action_source src_uuid dst_uuid
		tunnelid monitortag parent_session_id parent_start_time tunnel assoc_id chunks chunks_sent chunks_received rule_uuid http2_connection`),
	"THREAT": list(`. receive_time serial type subtype . time_generated src dst natsrc natdst rule srcuser dstuser app vsys from to
		inbound_if outbound_if logset . sessionid repeatcnt sport dport natsport natdport flags proto action misc threatid category severity
		direction seqno actionflags srcloc dstloc . contenttype pcap_id filedigest cloud url_idx user_agent filetype xff referer sender
		subject recipient reportid dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name device_name . src_uuid
		dst_uuid http_method tunnel_id monitortag parent_session_id parent_start_time tunnel thr_category contentver . assoc_id ppid
		http_headers url_category_list rule_uuid http2_connection`),
	"SYSTEM": list(`. receive_time serial type subtype . time_generated vsys eventid object . . module severity opaque seqno actionflags
		dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name device_name`),
	"CONFIG": list(`. receive_time serial type subtype . time_generated host vsys cmd admin client result path`),
	"GLOBALPROTECT": list(`. receive_time serial type subtype . time_generated vsys eventid stage auth_method tunnel_type srcuser srcregion
		machinename public_ip public_ipv6 private_ip private_ipv6 hostid serialnumber client_ver client_os client_os_ver repeatcnt reason
		error opaque status location login_duration connect_method error_code portal seqno actionflags`),
	"USERID": list(`. receive_time serial type subtype . time_generated vsys ip user datasourcename eventid repeatcnt timeout beginport
		endport datasource datasourcetype seqno actionflags`),
	"HIPMATCH": list(`. receive_time serial type subtype . time_generated srcuser vsys machinename os src matchname repeatcnt matchtype
		. . seqno actionflags`),
	"AUTHENTICATION": list(`. receive_time serial type subtype . time_generated vsys ip user normalize_user object authpolicy repeatcnt
		authid vendor logset serverprofile desc clienttype event factorno seqno actionflags`),
}

// list splits names; a dot stands for a column without one.
func list(s string) []string {
	f := strings.Fields(s)
	for i := range f {
		if f[i] == "." {
			f[i] = ""
		}
	}
	return f
}
