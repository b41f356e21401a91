variable "alias" {}
variable "tags" {}
output "key_arn" { value = "" }
output "key_id" { value = "" }
