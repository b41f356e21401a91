# A key and nothing more, so that applies are fast: the provider polls for 4 s
# each after it has set a policy, rotation or tags.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "policy" {
  type    = string
  default = null
}

variable "rotation" {
  type    = bool
  default = false
}

variable "description" {
  type    = string
  default = null
}

variable "deletion_window_in_days" {
  type    = number
  default = 30
}

resource "aws_kms_key" "this" {
  description             = var.description
  policy                  = var.policy
  enable_key_rotation     = var.rotation
  deletion_window_in_days = var.deletion_window_in_days
}

output "key_arn" {
  value = aws_kms_key.this.arn
}
