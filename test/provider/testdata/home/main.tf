# Every root module of fixtures/provider but those of replicas, in one: the waits of
# the provider overlap.

variable "changed" {
  type    = bool
  default = false
}

variable "trust_anchor" {
  type = string
}

variable "valid_to" {
  type = list(string)
}

module "alias" {
  source = "../../../../fixtures/provider/alias"
  target = var.changed ? "second" : "first"
}

module "ciphertext" {
  source = "../../../../fixtures/provider/ciphertext"
  secret = var.changed ? "second" : "first"
}

module "custom_key_store" {
  source       = "../../../../fixtures/provider/custom_key_store"
  name         = var.changed ? "provider-second" : "provider-first"
  trust_anchor = var.trust_anchor
}

module "external_key" {
  source      = "../../../../fixtures/provider/external_key"
  description = var.changed ? "second" : "first"
  valid_to    = var.valid_to[var.changed ? 1 : 0]
}

module "grant" {
  source     = "../../../../fixtures/provider/grant"
  operations = var.changed ? ["Decrypt"] : ["Decrypt", "Encrypt"]
}

module "iam" {
  source = "../../../../fixtures/provider/iam"
  days   = var.changed ? 2 : 1
}

module "key" {
  source        = "../../../../fixtures/provider/key"
  description   = var.changed ? "second" : "first"
  rotation_days = var.changed ? 365 : 90
}

module "key_policy" {
  source = "../../../../fixtures/provider/key_policy"
  action = var.changed ? "kms:Decrypt" : "kms:Encrypt"
}

module "public_key" {
  source = "../../../../fixtures/provider/public_key"
  specs  = var.changed ? { RSA_2048 = "SIGN_VERIFY" } : { RSA_3072 = "SIGN_VERIFY", ECC_NIST_P521 = "SIGN_VERIFY" }
}

output "imports" {
  value = {
    "module.alias.aws_kms_alias.this"                          = module.alias.import_id
    "module.custom_key_store.aws_kms_custom_key_store.cluster" = module.custom_key_store.import_id
    "module.external_key.aws_kms_external_key.waiting"         = module.external_key.import_id
    "module.grant.aws_kms_grant.this"                          = module.grant.import_id
    "module.iam.aws_iam_role.app"                              = module.iam.import_id
    "module.key.aws_kms_key.this"                              = module.key.import_id
    "module.key_policy.aws_kms_key_policy.this"                = module.key_policy.import_id
  }
}

output "granting" {
  value = module.grant.key_arn
}

output "governed" {
  value = module.key_policy.key_arn
}

output "primaries" {
  value = {
    key          = module.key.multi_region_arn
    external_key = module.external_key.multi_region_arn
  }
}
