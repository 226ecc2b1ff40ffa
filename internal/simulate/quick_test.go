package simulate
import ("testing";"os")
func TestQuick(t *testing.T){ d:=os.Getenv("QD"); if d=="" {t.Skip()}; _,err:=Write(os.Getenv("QP"),d,7,Options{}); if err!=nil {t.Fatal(err)} }
