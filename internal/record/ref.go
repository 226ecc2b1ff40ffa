package record

// RefMember is the name under which record files of our own keep Ref: an
// object of the shape that findings cite evidence in.
const RefMember = "ref"

// refNames are the members of a reference that say where in the file, by kind.
var refNames = [...]string{RefFile: "", RefOffset: "offset", RefLine: "line", RefRecord: "record"}

// PosName is what a reference of that kind counts: offset, line or record; empty
// when it cites the whole file.
func (k RefKind) PosName() string {
	if int(k) < len(refNames) {
		return refNames[k]
	}
	return ""
}

// AppendRefJSON adds ref to the JSON object at the end of dst, as its last
// member. A reference without a file is left out.
func AppendRefJSON(dst []byte, ref Ref) []byte {
	if ref.File == "" || len(dst) == 0 {
		return dst
	}
	dst = dst[:len(dst)-1]
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, `"`+RefMember+`":{"file":`...)
	dst = AppendString(dst, ref.File)
	if name := ref.Kind.PosName(); name != "" {
		dst = append(dst, `,"`+name+`":`...)
		dst = appendInt(dst, ref.Pos)
	}
	return append(dst, '}', '}')
}
