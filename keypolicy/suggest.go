package keypolicy

import (
	"maps"
	"slices"
	"strings"
)

// suggest is the remedy for a misspelt name: the nearest known one, or all of
// them where none is near.
func suggest[V any](name string, known map[string]V) string {
	names := slices.Sorted(maps.Keys(known))
	if nearest := Nearest(name, names); nearest != "" {
		return "did you mean \"" + nearest + "\"?"
	}
	return "known are " + strings.Join(names, ", ")
}

// Nearest is the known name that a misspelt one is nearest to, whatever the
// case; "" if none is near enough to be meant.
func Nearest(name string, known []string) string {
	best, distance := "", 1+len(name)/6
	for _, candidate := range known {
		if len(candidate)-len(name) > distance || len(name)-len(candidate) > distance {
			continue // further apart by length alone
		}
		if d := editDistance(strings.ToLower(name), strings.ToLower(candidate)); d <= distance {
			best, distance = candidate, d-1
		}
	}
	return best
}

// editDistance is the Levenshtein distance in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitution := diagonal
			if a[i] != b[j] {
				substitution++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitution, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
