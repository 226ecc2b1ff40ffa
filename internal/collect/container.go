package collect

import "bytes"

// container is a kind of archive or compressed file.
type container uint8

const (
	notContainer container = iota
	zipFile
	tarFile
	gzipFile
	zstdFile
	xzFile
	bzip2File
)

// containerOf recognises archives by their first bytes. Office documents and
// Java archives are zip files too, and are looked into like any other.
func containerOf(head []byte) container {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return zipFile
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b, 8}):
		return gzipFile
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstdFile
	case bytes.HasPrefix(head, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		return xzFile
	case bytes.HasPrefix(head, []byte("BZh")) && len(head) > 9 && bytes.Equal(head[4:10], []byte{0x31, 0x41, 0x59, 0x26, 0x53, 0x59}):
		return bzip2File
	case len(head) > 262 && bytes.Equal(head[257:262], []byte("ustar")):
		return tarFile
	}
	return notContainer
}

// Packed tells whether head, the first 512 bytes of a file, is that of an archive
// or a compressed file which Unpack opens.
func Packed(head []byte) bool { return containerOf(head) != notContainer }

// closedBy names archives and disk images that are recognised and not opened.
var closedBy = []struct{ magic, name string }{
	{"7z\xbc\xaf\x27\x1c", "7-Zip archive"},
	{"Rar!\x1a\x07", "RAR archive"},
	{"MSCF\x00\x00\x00\x00", "cabinet file"},
	{"EVF\x09\x0d\x0a\xff\x00", "EnCase disk image"},
	{"EVF2\x0d\x0a\x81\x00", "EnCase disk image"},
	{"KDMV", "VMware disk image"},
	{"vhdxfile", "Hyper-V disk image"},
	{"QFI\xfb", "QEMU disk image"},
	{"\x04\x22\x4d\x18", "LZ4 file"},
	{"\x1f\x9d", "compress file"},
}

// closedName is the name of a container that is not opened, or empty.
func closedName(head []byte) string {
	for _, c := range closedBy {
		if bytes.HasPrefix(head, []byte(c.magic)) {
			return c.name
		}
	}
	return ""
}
