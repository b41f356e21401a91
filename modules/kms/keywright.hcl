# The catalogue: one module a preset, as general as the preset allows. Copy a
# block, fill in your own principals, and generate the module you need.

module "encryption" {
  preset = "encryption"
}

module "application-data" {
  preset = "application-data"
}

module "signing" {
  preset = "signing"
}

module "post-quantum-signing" {
  preset = "post-quantum-signing"
}

module "hmac" {
  preset = "hmac"
}

module "asymmetric-encryption" {
  preset = "asymmetric-encryption"
}

module "key-agreement" {
  preset = "key-agreement"
}

module "external" {
  preset = "external"
}

module "external-expiring" {
  preset = "external-expiring"
}

module "cloudhsm" {
  preset = "cloudhsm"
}

module "external-key-store" {
  preset = "external-key-store"
}

module "multi-region" {
  preset = "multi-region"
}

module "multi-region-primary" {
  preset = "multi-region-primary"
}

module "multi-region-replica" {
  preset = "multi-region-replica"
}

module "policy" {
  preset = "policy"
}

module "grants" {
  preset = "grants"
}

module "s3" {
  preset = "s3"
}

module "rds" {
  preset = "rds"
}

module "dynamodb" {
  preset = "dynamodb"
}

module "ebs" {
  preset = "ebs"
}

module "efs" {
  preset = "efs"
}

module "secretsmanager" {
  preset = "secretsmanager"
}

module "ssm" {
  preset = "ssm"
}

module "sns" {
  preset = "sns"
}

module "sqs" {
  preset = "sqs"
}

module "logs" {
  preset = "logs"
}

module "cloudtrail" {
  preset = "cloudtrail"
}

module "lambda" {
  preset = "lambda"
}

module "eks" {
  preset = "eks"
}

module "kinesis" {
  preset = "kinesis"
}

module "route53-dnssec" {
  preset = "route53-dnssec"
}

module "backup" {
  preset = "backup"
}
