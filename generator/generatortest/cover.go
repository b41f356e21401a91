package generatortest

// pair is two values of two options.
type pair struct {
	i, j int
	a, b string
}

// Cover returns a few texts in which all those pairs stand that Pairs has and that
// are taken: many pairs in each, for tests that are slow. It takes the first choice
// that is best, and so is the same each time.
func Cover(taken func(text string) bool) []string {
	var open []pair
	for i := range options {
		for j := range i {
			for _, a := range options[i] {
				for _, b := range options[j] {
					if taken(choose(map[int]string{i: a, j: b})) {
						open = append(open, pair{i, j, a, b})
					}
				}
			}
		}
	}
	var texts []string
	for len(open) > 0 {
		chosen := map[int]string{open[0].i: open[0].a, open[0].j: open[0].b}
		for i := range options {
			if _, ok := chosen[i]; !ok {
				chosen[i] = best(chosen, i, open, taken)
			}
		}
		open = left(open, chosen)
		texts = append(texts, choose(chosen))
	}
	return texts
}

// best is the value of option i that makes most open pairs with those that are chosen.
func best(chosen map[int]string, i int, open []pair, taken func(string) bool) string {
	value, most := options[i][0], 0
	for _, candidate := range options[i] {
		chosen[i] = candidate
		if made := len(open) - len(left(open, chosen)); made > most && taken(choose(chosen)) {
			value, most = candidate, made
		}
	}
	delete(chosen, i)
	return value
}

// left are the pairs that the choice does not make.
func left(open []pair, chosen map[int]string) []pair {
	var rest []pair
	for _, p := range open {
		a, hasA := chosen[p.i]
		b, hasB := chosen[p.j]
		if !hasA || !hasB || a != p.a || b != p.b {
			rest = append(rest, p)
		}
	}
	return rest
}
