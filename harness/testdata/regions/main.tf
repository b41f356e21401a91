# Two configurations of the provider: no one process may serve both.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  alias  = "eu"
  region = "eu-west-1"
}

resource "aws_kms_key" "default" {
  deletion_window_in_days = 7
}

resource "aws_kms_key" "eu" {
  provider                = aws.eu
  deletion_window_in_days = 7
}

output "arns" {
  value = {
    default = aws_kms_key.default.arn
    eu      = aws_kms_key.eu.arn
  }
}
