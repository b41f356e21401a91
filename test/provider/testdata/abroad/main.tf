# The root modules of replicas, in a Region other than their primary keys'.

provider "aws" {
  region = "eu-west-1"
}

variable "changed" {
  type    = bool
  default = false
}

variable "primaries" {
  type = map(string)
}

module "replica_key" {
  source          = "../../../../fixtures/provider/replica_key"
  primary_key_arn = var.primaries["key"]
  description     = var.changed ? "second" : "first"
}

module "replica_external_key" {
  source          = "../../../../fixtures/provider/replica_external_key"
  primary_key_arn = var.primaries["external_key"]
  description     = var.changed ? "second" : "first"
}

# Of a replica with imported material the provider can't import all.
output "imports" {
  value = {
    "module.replica_key.aws_kms_replica_key.this" = module.replica_key.import_id
  }
}
