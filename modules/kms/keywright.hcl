# The catalogue: one module a preset, as general as the preset allows. Copy a
# block, fill in your own principals, and generate the module you need.

module "encryption" {
  preset      = "encryption"
  description = "Encrypts data at rest"
}
