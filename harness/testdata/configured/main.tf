# One configuration of the provider, of the root's own.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

resource "aws_kms_key" "this" {
  deletion_window_in_days = 7
}

output "key_arn" {
  value = aws_kms_key.this.arn
}
