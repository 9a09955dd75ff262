"""GraphQL: GitHub's schema as far as it is served, executed by graphql-core."""
