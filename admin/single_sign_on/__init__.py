"""Single sign-on: users come by the identity provider of their company (OpenID Connect)."""
