"""What variables hold: options, pairs and logins with a secret in them, and keys that are public."""

from __future__ import annotations

import pytest

from fixbot.knowledge.classify_secrets import SecretKind
from fixbot.knowledge.classify_variables import classify_variable

PW = "plum-Tr4ctor"
HEX = "9a8b7c6d5e4f30219a8b7c6d5e4f3021"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JAVA_OPTS", f"-Xmx1g -Dspring.datasource.password={PW}"),
        ("CATALINA_OPTS", f"-Ddb.pwd='{PW}' -server"),
        ("CLI_ARGS", f"--user shop --password={PW}"),
        ("CLI_ARGS", f"--user shop --password {PW}"),
        ("REDIS_ARGS", f"--requirepass {PW}"),
        ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-setcookie plumTr4ctor"),
        ("INIT_CMD", f"mysql -uroot -p{PW} shop"),
        ("CURL_OPTS", f"-u shop:{PW} https://x.example"),
        ("SASL_CONFIG", f'x.PlainLoginModule required username="shop" password="{PW}";'),
        ("SPRING_APPLICATION_JSON", f'{{"spring": {{"datasource": {{"password": "{PW}"}}}}}}'),
        ("PG_CONN", "host=db user=shop password=plumTr4ctor dbname=shop"),
        ("APP_YAML", f"user: shop\npassword: {PW}"),
        ("WORDPRESS_CONFIG_EXTRA", f"define('WP_REDIS_PASSWORD', '{PW}');"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer abcdef1234567890XYZ"),
        ("NEO4J_AUTH", f"neo4j/{PW}"),
        ("NEO4J_AUTH", "neo4j/password"),
        ("SFTP_USERS", f"foo:{PW}:1001"),
        ("USERS", f"alice:{PW},bob:x9"),
        ("ADMIN_LOGIN", f"admin:{PW}"),
        ("FLOWER_BASIC_AUTH", f"admin:{PW}"),
        ("REDISCLI_AUTH", PW),
        ("MQTT_AUTH", PW),
        ("PASSWORD_DB", PW),
        ("PASS_SMTP", PW),
        ("TOKEN_GITHUB", "b2f0-not-a-real-token-77aa"),
        ("RABBITMQ_ERLANG_COOKIE", "plumTr4ctor"),
        ("DBPASS", PW),
        ("WORDPRESS_AUTH_SALT", "x9kd2LqP8s7d6f5g"),
    ],
)
def test_a_secret_inside_a_variable_is_found(name: str, value: str) -> None:
    verdict = classify_variable(name, value)
    assert verdict.kind in (SecretKind.CERTAIN, SecretKind.LIKELY, SecretKind.POSSIBLE)
    assert PW not in verdict.reason
    assert "plumTr4ctor" not in verdict.reason


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JAVA_OPTS", "-Xmx512m -Dspring.profiles.active=prod -Dserver.port=8080"),
        ("JAVA_OPTS", "-Djavax.net.ssl.trustStorePassword=changeit"),
        ("JAVA_TOOL_OPTIONS", "-Ddb.password=${DB_PASSWORD}"),
        ("CATALINA_OPTS", "-Dapp.secret.name=foo -Dtoken.ttl=300"),
        ("EXTRA_ARGS", "--token-file=/var/run/t --auth-mode=rbac --api-key-header=X-Key"),
        ("POSTGRES_INITDB_ARGS", "--auth-host=scram-sha-256 --auth-local=trust"),
        ("MYSQL_EXTRA_FLAGS", "--default-authentication-plugin=mysql_native_password"),
        ("LOG_PATTERN", "%d{HH:mm} token=%X{token} user=%X{user}"),
        ("ALLOWED_HEADERS", "Authorization, X-Api-Key: foo"),
        ("APP_CONFIG", '{"tokenUrl": "https://x/token", "clientId": "abc"}'),
        ("MESSAGE", "Your password: is reset"),
        ("TEMPLATE", "password={{ .p }}"),
        ("PROMPT", "secret=none"),
        ("FEATURES", "token=true,auth=false"),
        ("NEO4J_AUTH", "none"),
        ("AUTH", "auth-server:8080"),
        ("AUTH_METHOD", "OAuth2"),
        ("HTTP_AUTH", "basic"),
        ("PASSWORD_DB", "postgres"),
        ("PASSWORD_ENCODER", "argon2id"),
        ("PASSWORD_HASHERS", "Pbkdf2Sha256"),
        ("PASSWORD_MIN", "12"),
        ("COOKIE_DOMAIN", ".shop1.example.com"),
        ("SECRET_ENGINE", "kv-v2"),
        ("SALT_ROUNDS", "10"),
        ("SIGNATURE_METHOD", "HMAC-SHA256"),
        ("KEYCLOAK_AUTH", "https://sso1.example/auth"),
    ],
)
def test_what_only_speaks_of_secrets_is_left_alone(name: str, value: str) -> None:
    assert classify_variable(name, value).kind is SecretKind.NONE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SENTRY_DSN", f"https://{HEX}@o12345.ingest.sentry.io/12345"),
        ("DD_CLIENT_TOKEN", f"pub{HEX}"),
        ("POSTHOG_API_KEY", f"phc_{HEX}aaaa"),
        ("MAPBOX_TOKEN", "pk.eyJ1IjoiYSIsImEiOiJiIn0.abcdefghij"),
        ("STRIPE_KEY", "pk_test_" + "a1B2" * 5),
        ("SUPABASE_ANON_KEY", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb2xlIjoiYW5vbiJ9.abcdefghijklmnop"),
        ("NEXT_PUBLIC_FIREBASE_API_KEY", "AIza" + "a1B2c" * 7),
        ("PUSHER_APP_KEY", "9a8b7c6d5e4f3021ab12"),
        ("MIXPANEL_TOKEN", HEX),
        ("RECAPTCHA_SITE_KEY", "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI"),
    ],
)
def test_what_its_maker_publishes_is_a_question_at_most(name: str, value: str) -> None:
    assert classify_variable(name, value).kind in (SecretKind.NONE, SecretKind.POSSIBLE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEXT_PUBLIC_STRIPE", "sk_live_" + "a1B2" * 5),
        ("DD_API_KEY", HEX),
        ("SENTRY_AUTH_TOKEN", HEX),
        ("PUSHER_SECRET", HEX),
        ("SENTRY_DSN", f"https://{HEX}:{HEX}@sentry.example/5"),
    ],
)
def test_what_only_looks_public_is_a_secret(name: str, value: str) -> None:
    assert classify_variable(name, value).is_secret
