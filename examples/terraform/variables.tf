variable "registry" {
  type = string
}

variable "release" {
  type = string
}
