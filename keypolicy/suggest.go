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
	best, distance := "", 1+len(name)/3
	for _, candidate := range names {
		if d := editDistance(strings.ToLower(name), strings.ToLower(candidate)); d <= distance {
			best, distance = candidate, d-1
		}
	}
	if best != "" {
		return "did you mean \"" + best + "\"?"
	}
	return "known are " + strings.Join(names, ", ")
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
