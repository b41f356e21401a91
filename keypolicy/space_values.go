package keypolicy

import (
	"encoding/base64"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// operatorFamily is how a group of condition operators sees a value.
type operatorFamily uint8

const (
	onNothing operatorFamily = iota // Null
	onText
	onNumber
	onDate
	onAddress
	onBytes
)

func familyOf(operator string) operatorFamily {
	for prefix, family := range map[string]operatorFamily{
		"Null": onNothing, "Numeric": onNumber, "Date": onDate, "IpAddress": onAddress, "NotIpAddress": onAddress, "Binary": onBytes,
	} {
		if strings.HasPrefix(operator, prefix) {
			return family
		}
	}
	return onText
}

// askedValues are the values that conditions on one key compare with, by operator
// family.
type askedValues struct {
	key    ConditionKey // zero if the catalogue does not know it
	texts  [onBytes + 1][]string
	shapes []shape
	// textLeft is the work that may still be spent on texts.
	textLeft *int
}

func (a *askedValues) add(operator, text string) {
	family := familyOf(operator)
	a.texts[family] = append(a.texts[family], text)
	if family != onText {
		return
	}
	if s, ok := shapeOf(operator, text); ok {
		a.shapes = append(a.shapes, s)
	}
}

// families are those that compare the key's values.
func (a *askedValues) families() []operatorFamily {
	var found []operatorFamily
	for family := onText; family <= onBytes; family++ {
		if a.texts[family] != nil {
			found = append(found, family)
		}
	}
	return found
}

// single finds values that stand for all single values of the key. A doubt says
// why some may be missing.
func (a *askedValues) single() (values []string, doubt string) {
	if a.key.Type == BoolType && a.key.Also == "" {
		return []string{"true", "false"}, ""
	}
	families := a.families()
	switch {
	case len(families) == 0:
		return []string{a.sample()}, ""
	case len(families) > 1:
		doubt = "it is compared in more than one way"
	}
	for _, family := range families {
		found, complete := makers[family](a)
		if !complete {
			doubt = "it is compared with too many patterns"
		}
		values = append(values, found...)
	}
	if !a.fits(families[0]) {
		values = append(values, "x")
	}
	return distinct(values), doubt
}

// distinct keeps the first of equal texts.
func distinct(texts []string) []string {
	var kept []string
	seen := map[string]bool{}
	for _, text := range texts {
		if !seen[text] {
			seen[text] = true
			kept = append(kept, text)
		}
	}
	return kept
}

// fits reports whether the catalogue says that values are always what the
// operators of a family take.
func (a *askedValues) fits(family operatorFamily) bool {
	want, typed := familyTypes[family]
	return !typed || a.key.Type == want || a.key.Also == want
}

var familyTypes = map[operatorFamily]ValueType{onNumber: NumericType, onDate: DateType, onAddress: IPAddressType, onBytes: BinaryType}

// sample is a value of the key's type.
func (a *askedValues) sample() string {
	samples := map[ValueType]string{NumericType: "30", DateType: someDate, IPAddressType: "192.0.2.1", BinaryType: "AA=="}
	if text, ok := samples[a.key.Type]; ok {
		return text
	}
	return "x"
}

var makers = [...]func(*askedValues) ([]string, bool){
	onText:    (*askedValues).someTexts,
	onNumber:  (*askedValues).someNumbers,
	onDate:    (*askedValues).someDates,
	onAddress: (*askedValues).someAddresses,
	onBytes:   (*askedValues).someBytes,
}

// maxMatches bounds how often a text is compared with a pattern, for one key.
const maxMatches = 1_000_000

// someTexts has the empty text apart from the others, for it is hardly ever one
// that a request has.
func (a *askedValues) someTexts() ([]string, bool) {
	shapes := unique(a.shapes)
	found, complete := cells(some(anything), shapes, a.textLeft)
	if most := maxMatches / (1 + len(shapes)); len(found) > most {
		found, complete = found[:most], false
	}
	return append(found, ""), complete
}

// someNumbers are the boundaries and what lies beside them. The keys of the
// catalogue count days or seconds; others may have fractions.
func (a *askedValues) someNumbers() ([]string, bool) {
	whole := a.key.Name != ""
	numbers := []float64{0, math.NaN(), math.Inf(-1), math.Inf(1)}
	for _, text := range a.texts[onNumber] {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(n) {
			continue
		}
		numbers = append(numbers, math.Nextafter(n, math.Inf(-1)), n, math.Nextafter(n, math.Inf(1)),
			math.Floor(n), math.Ceil(n), math.Floor(n)+1, math.Ceil(n)-1)
	}
	slices.Sort(numbers)
	var texts []string
	for _, n := range numbers {
		if !whole || n >= 0 && n == math.Trunc(n) && !math.IsInf(n, 0) {
			texts = append(texts, strconv.FormatFloat(n, 'f', -1, 64))
		}
	}
	return texts, true
}

// someDates are the boundaries and the instants beside them.
func (a *askedValues) someDates() ([]string, bool) {
	var texts []string
	for _, text := range a.texts[onDate] {
		at, ok := parseDate(text)
		if !ok {
			continue
		}
		for _, beside := range []time.Duration{-time.Second, -1, 0, 1, time.Second} {
			texts = append(texts, dateText(at.Add(beside)))
		}
	}
	return append(texts, someDate), true
}

const someDate = "2025-01-01T00:00:00Z"

// dateText is a date as policies write it; where the year has not four digits,
// in seconds.
func dateText(at time.Time) string {
	if year := at.UTC().Year(); year < 0 || year > 9999 {
		return strconv.FormatInt(at.Unix(), 10)
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// someAddresses are the ends of each range and the addresses beside them.
func (a *askedValues) someAddresses() ([]string, bool) {
	found := []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	for _, text := range a.texts[onAddress] {
		first, err := netip.ParseAddr(text)
		last := first
		if prefix, prefixErr := netip.ParsePrefix(text); prefixErr == nil {
			first, last, err = prefix.Masked().Addr(), lastOf(prefix), nil
		}
		if err == nil {
			found = append(found, first.Prev(), first, last, last.Next())
		}
	}
	slices.SortFunc(found, netip.Addr.Compare)
	var texts []string
	for _, address := range found {
		if address.IsValid() {
			texts = append(texts, address.String())
		}
	}
	return texts, true
}

// lastOf is the last address of a prefix.
func lastOf(prefix netip.Prefix) netip.Addr {
	bytes := prefix.Masked().Addr().AsSlice()
	for bit := prefix.Bits(); bit < 8*len(bytes); bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}

// someBytes are the values themselves and one that is none of them.
func (a *askedValues) someBytes() ([]string, bool) {
	texts := a.texts[onBytes]
	other := []byte("x")
	for slices.ContainsFunc(texts, func(text string) bool { return matchBinary(text, base64.StdEncoding.EncodeToString(other)) }) {
		other = append(other, 'x')
	}
	return append(slices.Clone(texts), base64.StdEncoding.EncodeToString(other)), true
}
