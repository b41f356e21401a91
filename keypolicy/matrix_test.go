package keypolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
)

const matrixPolicy = `{"Version":"2012-10-17","Statement":[
 {"Sid":"Root","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:DescribeKey","Resource":"*"},
 {"Sid":"Admin","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/team/admin"},"Action":["kms:PutKeyPolicy","kms:DescribeKey"],"Resource":"*"},
 {"Sid":"Granter","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/granter"},"Action":"kms:CreateGrant","Resource":"*"},
 {"Sid":"Services","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/services"},"Action":"kms:CreateGrant","Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}},
 {"Sid":"App","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:user/app","AROAEXAMPLEGONE000001"]},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}},
 {"Sid":"Partner","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:Decrypt","Resource":"*"},
 {"Sid":"Logs","Effect":"Allow","Principal":{"Service":"logs.eu-west-1.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"}
]}`

func TestMatrix(t *testing.T) {
	t.Parallel()
	policy := parse(t, "key policy", []byte(matrixPolicy))
	actions := []string{"kms:Decrypt", "kms:DescribeKey", "kms:PutKeyPolicy", "kms:CreateGrant", "kms:ScheduleKeyDeletion"}
	matrix := keypolicy.NewMatrix(keypolicy.World{ResourcePolicy: policy}, keyARN, keypolicy.Candidates(policy, "111122223333"), actions)
	var rows []string
	for _, row := range matrix.Rows {
		var cells []string
		for _, cell := range row.Cells {
			cells = append(cells, cell.Verdict.String())
		}
		rows = append(rows, row.Candidate.Name+": "+strings.Join(cells, " "))
	}
	require.Equal(t, []string{
		"others in 111122223333 (with IAM): denied allowed denied denied denied",
		"arn:aws:iam::111122223333:role/team/admin: denied allowed allowed denied denied",
		"arn:aws:iam::111122223333:role/granter: denied denied denied allowed denied",
		"arn:aws:iam::111122223333:role/services: denied denied denied unknown denied",
		"arn:aws:iam::111122223333:user/app: unknown denied denied denied denied",
		"AROAEXAMPLEGONE000001: unknown denied denied denied denied",
		"others in 444455556666 (with IAM): allowed denied denied denied denied",
		"logs.eu-west-1.amazonaws.com: allowed denied denied denied denied",
		"root of 111122223333: denied allowed denied denied denied",
		"others in 111122223333 (without IAM): denied denied denied denied denied",
		"other accounts: denied denied denied denied denied",
	}, rows)
	require.Equal(t, []string{"kms:viaservice"}, matrix.Rows[4].Cells[0].HangsOn)
	require.Equal(t, "App", matrix.Rows[4].Cells[0].Reasons[0].Sid)

	var escalations []string
	for _, e := range matrix.Escalations {
		escalations = append(escalations, fmt.Sprint(e.Candidate, " through ", e.Through, " by ", e.By.Reasons[0].Sid, ": ", e.Gains))
	}
	require.Equal(t, []string{
		"arn:aws:iam::111122223333:role/team/admin through kms:PutKeyPolicy by Admin: [kms:CreateGrant kms:Decrypt kms:ScheduleKeyDeletion]",
		"arn:aws:iam::111122223333:role/granter through kms:CreateGrant by Granter: [kms:Decrypt kms:DescribeKey]",
	}, escalations, "and none for role/services, whose grants are for AWS resources only")
}

func TestCandidatesStayInTheirPartition(t *testing.T) {
	t.Parallel()
	policy := parse(t, "key policy", []byte(`{"Statement":{"Effect":"Allow","Principal":{"AWS":["AIDAEXAMPLE","arn:aws-cn:iam::111122223333:role/app","444455556666"]},"Action":"kms:*","Resource":"*"}}`))
	for _, c := range keypolicy.Candidates(policy, "111122223333") {
		require.Truef(t, strings.HasPrefix(c.Principal.ARN, "arn:aws-cn:"), "%s: %s", c.Name, c.Principal.ARN)
	}
}

// The matrix and Evaluate agree on every cell.
func TestMatrixAgreesWithEvaluate(t *testing.T) {
	t.Parallel()
	for name, corpus := range readCorpus(t) {
		world := corpus.world(t)
		if world.ResourcePolicy == nil {
			continue
		}
		var actions []string
		for _, a := range keypolicy.Actions() {
			actions = append(actions, a.Name)
		}
		matrix := keypolicy.NewMatrix(world, keyARN, keypolicy.Candidates(world.ResourcePolicy, "111122223333"), actions)
		for _, row := range matrix.Rows {
			for i, cell := range row.Cells {
				world.Identity, world.Boundary, world.Session = row.Candidate.Identity, row.Candidate.Boundary, row.Candidate.Session
				want := keypolicy.Evaluate(keypolicy.Request{Principal: row.Candidate.Principal, Action: actions[i], Resource: keyARN, Open: true}, world)
				require.Equalf(t, want.Verdict, cell.Verdict, "%s: %s %s", name, row.Candidate.Name, actions[i])
				if len(cell.Reasons) > 0 {
					require.Equalf(t, want.Reasons[0], cell.Reasons[0], "%s: %s %s", name, row.Candidate.Name, actions[i])
				} else {
					require.False(t, want.Allowed() || want.Explicit)
				}
			}
		}
	}
}

// BenchmarkMatrix is 1,000 principals by all actions on a policy that names each.
func BenchmarkMatrix(b *testing.B) {
	var arns []string
	var candidates []keypolicy.Candidate
	for i := range 1000 {
		arn := fmt.Sprintf("arn:aws:iam::111122223333:user/u%d", i)
		arns = append(arns, `"`+arn+`"`)
		candidates = append(candidates, keypolicy.Candidate{Name: arn, Principal: keypolicy.Principal{ARN: arn}})
	}
	policy := parse(b, "key policy", fmt.Appendf(nil, `{"Version":"2012-10-17","Statement":[
		{"Sid":"Root","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"},
		{"Sid":"Users","Effect":"Allow","Principal":{"AWS":[%s]},"Action":["kms:Encrypt","kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"},
		{"Sid":"Via","Effect":"Allow","Principal":{"AWS":[%s]},"Action":"kms:CreateGrant","Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}}]}`,
		strings.Join(arns, ","), strings.Join(arns[:500], ",")))
	var actions []string
	for _, a := range keypolicy.Actions() {
		actions = append(actions, a.Name)
	}
	b.ReportAllocs()
	for b.Loop() {
		keypolicy.NewMatrix(keypolicy.World{ResourcePolicy: policy}, keyARN, candidates, actions)
	}
}
