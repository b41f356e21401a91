package keypolicy

// truth is a three-valued answer. The order makes and the least and or the
// greatest of its operands (Kleene's logic).
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

func is(b bool) truth {
	if b {
		return yes
	}
	return no
}

func not(t truth) truth { return yes - t }

// either is the answer when it is not known which of two cases holds.
func either(a, b truth) truth {
	if a == b {
		return a
	}
	return maybe
}
