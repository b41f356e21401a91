# The demo's module: an encryption key with one administrator and one user.

module "demo" {
  preset                  = "encryption"
  description             = "Encrypts what the demo makes"
  aliases                 = ["keywright/demo"]
  rotation_period_in_days = 180
  deletion_window_in_days = 7
}
