package generator

import (
	"fmt"
	"slices"
	"strings"
)

// finding is what a scanner says of a module, or of a live key, that is meant.
type finding struct {
	Tool, ID, Reason string
	// At is the address of the resource that holds the skip, in the module or in its
	// example; "" if nothing is skipped.
	At      string
	applies func(*Module) bool
}

func (m *Module) makesKey() bool { return m.Manages == ManagesKey }

func (m *Module) inKeyStore() bool {
	return m.makesKey() && (m.Origin == OriginCloudHSM || m.Origin == OriginXKS)
}

// findings by scanner: those that are skipped where they stand, then those of scanners
// that look at live keys or take no skip of ours.
var findings = slices.Concat([]finding{
	{"checkov", "CKV_AWS_7", "KMS does not rotate keys of custom key stores", "aws_kms_key.this", (*Module).inKeyStore},
	{"checkov", "CKV2_AWS_64", "the grant is what is shown, on a key as KMS makes it", "aws_kms_key.orders", func(m *Module) bool { return m.Manages == ManagesGrants }},
},
	shown("cloudtrail", "aws_cloudtrail.example",
		[2]string{"CKV_AWS_252", "notifications are not what is shown"},
		[2]string{"CKV2_AWS_10", "CloudWatch Logs are not what is shown"},
	),
	shown("dynamodb", "aws_dynamodb_table.example",
		[2]string{"CKV_AWS_28", "backups are not what is shown"},
	),
	shown("eks", "aws_eks_cluster.example",
		[2]string{"CKV_AWS_37", "logs are not what is shown"},
		[2]string{"CKV_AWS_38", "the network is not what is shown"},
		[2]string{"CKV_AWS_39", "the network is not what is shown"},
	),
	shown("lambda", "aws_lambda_function.example",
		[2]string{"CKV_AWS_50", "tracing is not what is shown"},
		[2]string{"CKV_AWS_115", "concurrency is not what is shown"},
		[2]string{"CKV_AWS_116", "failures are not what is shown"},
		[2]string{"CKV_AWS_117", "the network is not what is shown"},
		[2]string{"CKV_AWS_272", "code signing is not what is shown"},
	),
	shown("rds", "aws_db_instance.example",
		[2]string{"CKV_AWS_118", "monitoring is not what is shown"},
		[2]string{"CKV_AWS_129", "logs are not what is shown"},
		[2]string{"CKV_AWS_157", "availability is not what is shown"},
		[2]string{"CKV_AWS_161", "logging in is not what is shown"},
		[2]string{"CKV_AWS_226", "minor versions are upgraded by default"},
		[2]string{"CKV_AWS_293", "an example must be destroyable"},
		[2]string{"CKV_AWS_353", "monitoring is not what is shown"},
		[2]string{"CKV2_AWS_30", "logs are not what is shown"},
		[2]string{"CKV2_AWS_60", "tags are not what is shown"},
	),
	shown("route53-dnssec", "aws_route53_zone.example",
		[2]string{"CKV2_AWS_39", "query logs are not what is shown"},
	),
	shown("s3", "aws_s3_bucket.example",
		[2]string{"CKV_AWS_18", "access logs are not what is shown"},
		[2]string{"CKV_AWS_21", "versions are not what is shown"},
		[2]string{"CKV_AWS_144", "replication is not what is shown"},
		[2]string{"CKV2_AWS_6", "new buckets block public access by default"},
		[2]string{"CKV2_AWS_61", "lifecycle is not what is shown"},
		[2]string{"CKV2_AWS_62", "events are not what is shown"},
	),
	shown("secretsmanager", "aws_secretsmanager_secret.example",
		[2]string{"CKV2_AWS_57", "rotation of the secret is not what is shown"},
	),
	[]finding{
		{"prowler", "kms_cmk_not_multi_region", "The key is multi-Region because it is meant to be used in several Regions.", "", func(m *Module) bool {
			return m.makesKey() && m.MultiRegion != SingleRegion
		}},
		{"prowler", "kms_cmk_rotation_enabled", "The check does not look at where the material comes from: KMS cannot rotate it by itself.", "", func(m *Module) bool {
			return m.makesKey() && m.symmetric() && m.Origin != OriginKMS
		}},
		{"trivy", "AWS-0065", "The check spares signing keys alone; KMS refuses rotation on this kind of key too.", "", func(m *Module) bool {
			return m.makesKey() && !m.symmetric() && m.KeyUsage != signVerify
		}},
		{"KICS", "7ebc9038", "The break-glass statement allows `kms:*` to the account's root user alone.", "", func(m *Module) bool {
			return m.Manages != ManagesGrants && m.RootStatement == BreakGlass
		}},
		{"KICS", "7ebc9038", "The delegating statement allows `kms:*` to the account, as the spec asks.", "", func(m *Module) bool {
			return m.Manages != ManagesGrants && m.RootStatement == Delegate
		}},
		{"AWS Config, Security Hub", "KMS.4, KMS.5", "Their role cannot read the key's policy and rotation unless it is listed in `readers`, or delegated to.", "", func(m *Module) bool {
			return m.makesKey() && m.RootStatement != Delegate
		}},
	})

// shown are findings of checkov in a resource of a service's example that are about
// something else than the key.
func shown(service, at string, skips ...[2]string) []finding {
	found := make([]finding, len(skips))
	for i, s := range skips {
		found[i] = finding{"checkov", s[0], s[1], at, func(m *Module) bool { return slices.Contains(m.Services, service) }}
	}
	return found
}

// Findings are those to expect of the module.
func (v *view) Findings() []finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f finding) bool { return !f.applies(&v.Module) })
}

// Where tells a reader of the README where the skip is.
func (f finding) Where() string {
	switch {
	case f.At == "":
		return "not skipped"
	case strings.HasSuffix(f.At, ".this"):
		return "skipped in main.tf"
	}
	return "skipped in examples/basic"
}

// Skips are the comments in a resource that skip its findings.
func (v *view) Skips(address string) string {
	var b strings.Builder
	for _, f := range v.Findings() {
		if f.At == address {
			fmt.Fprintf(&b, "\n  # %s:skip=%s:%s", f.Tool, f.ID, f.Reason)
		}
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}
