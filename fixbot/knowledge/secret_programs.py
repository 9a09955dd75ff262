"""Programs that are given a secret on their command line, and where it stands there.

One row a way of giving it. Every option whose own name says so (`--password`, `-storepass`, `--from-token`)
is known by that name and needs no row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where some programs take a secret.

    `programs`: their names, with blanks between. `words`: what must stand behind the name, in that order,
    such as `auth login`. `options`: `-p` takes the next word, or what is joined to it by `=`; `glued`: what
    is written to it without a blank as well. `at`: the place from 0 of a word that is no option, behind
    `words`; -1 is the last. `pairs`: what stands behind the `=` of every word. `behind`: of the word
    only what follows one of these characters; `until`: and only up to the last of these. `valued`: options
    that take a word which is no secret. `needs`: a pattern that one word of the command
    must hold. `made_up`: names and
    words of a language stay. `source`: where the program's makers say so.
    """

    programs: str
    source: str
    words: str = ""
    options: str = ""
    glued: str = ""
    at: int | None = None
    pairs: bool = False
    behind: str = ""
    until: str = ""
    valued: str = ""
    needs: str = ""
    made_up: bool = False


_MYSQL: Final = (
    "mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlshow mysqlslap mysqlbinlog mysqlsh mysqlpump"
    " mariadb mariadb-dump mariadb-admin mariadb-check mariadb-import mycli mydumper myloader"
)
_SNMP: Final = (
    "snmpget snmpwalk snmpset snmpbulkwalk snmpbulkget snmpgetnext snmptrap snmpinform snmptable snmpdf"
    " snmpstatus snmpdelta snmptest snmpusm snmpvacm snmpnetstat"
)
_LDAP: Final = "ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldappasswd ldapcompare ldapmodrdn"
_NAMED: Final = "(?i)auth|token|passw|secret"

SECRET_PLACES: Final = (
    SecretPlace("sshpass", "man sshpass(1), -p", options="-p", glued="-p"),
    SecretPlace(
        "docker podman nerdctl buildah skopeo crane oras regctl helm img ctr",
        "docs.docker.com/reference/cli/docker/login, --password",
        words="login",
        options="-p",
        glued="-p",
    ),
    SecretPlace("az", "learn.microsoft.com/cli/azure: az login, --password", words="login", options="-p"),
    SecretPlace("az", "az keyvault secret set, --value", words="keyvault secret set", options="--value"),
    SecretPlace(
        "mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop mongofiles",
        "mongodb.com/docs/mongodb-shell/reference/options, --password",
        options="-p",
        glued="-p",
    ),
    SecretPlace(
        "cqlsh rabbitmqadmin cypher-shell beeline couchbase-cli cbq cbimport cbexport hdbsql twine expo"
        " airflow elasticsearch-users evil-winrm crackmapexec nxc hydra medusa rdesktop steghide racadm"
        " ncftpput ncftpget asadmin add-user.sh psexec PsExec ldapvi onedrive",
        "their own --help: -p, password",
        options="-p",
        glued="-p",
    ),
    SecretPlace("7z 7za 7zz 7zr rar unrar", "7-zip.org: -p (set Password)", options="-p", glued="-p -hp"),
    SecretPlace("oc rancher", "docs.openshift.com: oc login, -p", words="login", options="-p -t"),
    SecretPlace("sqlcmd bcp osql isql tsql", "learn.microsoft.com: sqlcmd, -P", options="-P", glued="-P"),
    SecretPlace("zip unzip zipcloak", "man zip(1), -P", options="-P", glued="-P"),
    SecretPlace(
        "redis-cli valkey-cli keydb-cli redis-benchmark", "redis.io/docs: redis-cli, -a", options="-a --pass"
    ),
    SecretPlace(_LDAP, "man ldapsearch(1), -w", options="-w", glued="-w"),
    SecretPlace("ldappasswd", "man ldappasswd(1), -s and -a", options="-s -a"),
    SecretPlace("kadmin", "man kadmin(1), -w", options="-w -pw"),
    SecretPlace(
        "curl",
        "curl.se/docs/manpage.html, -u",
        options="-u -U --user --proxy-user",
        glued="-u -U",
        behind=":",
    ),
    SecretPlace("curl", "curl.se/docs/manpage.html, -E", options="-E --cert --proxy-cert", behind=":"),
    SecretPlace("curl", "curl.se/docs/manpage.html, -b", options="-b --cookie", glued="-b", behind="="),
    SecretPlace(
        "http https xh xhs httpie", "httpie.io/docs/cli: --auth", options="-a --auth", glued="-a", behind=":"
    ),
    SecretPlace("jenkins-cli jenkins-cli.jar", "jenkins.io: CLI, -auth", options="-auth", behind=":"),
    SecretPlace("ab siege check_http", "httpd.apache.org: ab, -A", options="-A -P -a", behind=":"),
    SecretPlace(
        "smbclient rpcclient winexe smbget smbmap net smbcacls wmic nmblookup",
        "man smbclient(1), -U",
        options="-U --user",
        glued="-U",
        behind="%",
    ),
    SecretPlace("lftp", "man lftp(1), -u", options="-u --user", glued="-u", behind=","),
    SecretPlace(_MYSQL, "dev.mysql.com: connecting, -p without a blank", glued="-p"),
    SecretPlace(_MYSQL, "a blank that many write there", options="-p", made_up=True),
    SecretPlace(
        "openssl", "docs.openssl.org: enc, -k; dgst, -hmac", options="-k -K -hmac -passin -passout -psk"
    ),
    SecretPlace("openssl", "docs.openssl.org: passwd", words="passwd", at=0, valued="-salt -in"),
    SecretPlace(_SNMP, "man snmpcmd(1), -c, -A, -X", options="-c -A -X -3m -3k", glued="-c -A -X"),
    SecretPlace("snmpusm", "man snmpusm(1), passwd", words="passwd", at=0, valued="-v -u -l -a -x"),
    SecretPlace("vault bao", "developer.hashicorp.com/vault: login", words="login", at=0, made_up=True),
    SecretPlace("vault bao", "the same: token lookup", words="token lookup", at=0),
    SecretPlace("vault bao", "the same: token renew", words="token renew", at=0),
    SecretPlace("vault bao", "the same: token revoke", words="token revoke", at=0),
    SecretPlace("vault bao", "the same: token capabilities", words="token capabilities", at=0),
    SecretPlace("vault bao", "the same: unwrap", words="unwrap", at=0),
    SecretPlace("vault bao", "the same: operator unseal", words="operator unseal", at=0),
    SecretPlace("vault bao", "the same: kv put", words="kv put", pairs=True),
    SecretPlace("vault bao", "the same: kv patch", words="kv patch", pairs=True),
    SecretPlace("vault bao", "the same: write", words="write secret/", pairs=True),
    SecretPlace(
        "kubectl oc k3s microk8s kubectl.exe",
        "kubernetes.io/docs: kubectl create secret generic",
        words="create secret",
        options="--from-literal",
        behind="=",
    ),
    SecretPlace(
        "kustomize", "kustomize edit add secret", words="add secret", options="--from-literal", behind="="
    ),
    SecretPlace("kubeseal", "kubeseal --raw", options="--from-literal", behind="="),
    *(
        SecretPlace("rabbitmqctl", "rabbitmq.com/docs/man/rabbitmqctl.8", words=word, at=1)
        for word in ("add_user", "change_password", "authenticate_user")
    ),
    SecretPlace(
        "sqlplus sqlldr exp imp expdp impdp sqlcl rman tnsping",
        "docs.oracle.com: sqlplus, logon",
        at=0,
        behind="/",
        until="@",
        valued="-l -c -m -r",
    ),
    SecretPlace("rman", "docs.oracle.com: rman target", words="target", at=0, behind="/", until="@"),
    SecretPlace("useradd usermod adduser", "man useradd(8), -p", options="-p", glued="-p"),
    SecretPlace("net", "learn.microsoft.com: net use", words="use", at=1),
    SecretPlace("net", "learn.microsoft.com: net use", words="use", at=2),
    SecretPlace("net", "learn.microsoft.com: net user", words="user", at=1),
    SecretPlace("schtasks cmdkey", "learn.microsoft.com: schtasks, /rp", options="/rp /pass /p"),
    SecretPlace("consul", "developer.hashicorp.com/consul: acl", words="acl set-agent-token", at=1),
    SecretPlace("consul", "the same: keyring", options="-install -remove -use -encrypt -secret"),
    SecretPlace("nomad serf", "the same: operator keyring", options="-install -remove -use -encrypt"),
    SecretPlace("etcdctl", "etcd.io/docs: --user", options="--user", behind=":"),
    SecretPlace("etcdctl", "etcd.io/docs: user add", words="user add", at=0, behind=":"),
    SecretPlace("doctl glab flyctl vercel k3s k3d influx linode-cli", "their --help: -t", options="-t"),
    SecretPlace("gh", "cli.github.com/manual: auth login", words="auth login", options="-t"),
    SecretPlace("gh glab", "cli.github.com/manual: secret set", words="secret set", options="-b --body -v"),
    SecretPlace("netlify", "docs.netlify.com/cli: --auth", options="--auth"),
    SecretPlace("dotnet nuget", "learn.microsoft.com: dotnet nuget push", words="push", options="-k"),
    SecretPlace("dotnet", "learn.microsoft.com: add source", words="nuget add source", options="-p"),
    SecretPlace("dotnet", "learn.microsoft.com: user-secrets", words="user-secrets set", at=1),
    SecretPlace("cargo", "doc.rust-lang.org/cargo: login", words="login", at=0),
    SecretPlace("snyk", "docs.snyk.io: auth", words="auth", at=0),
    SecretPlace("ngrok", "ngrok.com/docs/agent/cli", words="authtoken", at=0),
    SecretPlace("ngrok", "ngrok.com/docs/agent/cli", words="config add-authtoken", at=0),
    SecretPlace("cloudflared", "developers.cloudflare.com: service", words="service install", at=0),
    SecretPlace("bw", "bitwarden.com/help/cli: login", words="login", at=1),
    SecretPlace("bw", "bitwarden.com/help/cli: unlock", words="unlock", at=0),
    SecretPlace("chamber", "github.com/segmentio/chamber", words="write", at=2),
    SecretPlace(
        "doppler flyctl fly supabase", "docs.doppler.com: secrets set", words="secrets set", pairs=True
    ),
    SecretPlace("pulumi", "pulumi.com/docs: config set", words="config set", at=1, needs="^--secret$"),
    SecretPlace("poetry", "python-poetry.org: http-basic", words="config", at=2, made_up=True),
    SecretPlace("poetry", "python-poetry.org: pypi-token", words="config", at=1, made_up=True),
    SecretPlace("composer", "getcomposer.org: config", words="config", at=1, made_up=True),
    SecretPlace("composer", "getcomposer.org: http-basic", words="config", at=2, made_up=True),
    SecretPlace("bundle bundler", "bundler.io: config", words="config", at=-1, behind=":"),
    SecretPlace(
        "npm yarn pnpm git pip",
        "docs.npmjs.com/cli: config set",
        words="config",
        at=-1,
        needs=_NAMED,
    ),
    SecretPlace("npm yarn pnpm", "docs.npmjs.com/cli: set", words="set", at=-1, needs=_NAMED),
    SecretPlace("mc mcli", "min.io/docs: alias set", words="alias set", at=3, valued="--api --path"),
    SecretPlace("mc mcli", "min.io/docs: config host add", words="host add", at=3, valued="--api"),
    SecretPlace("mc mcli", "min.io/docs: admin user add", words="user add", at=2),
    SecretPlace("rclone", "rclone.org/commands/rclone_obscure", words="obscure", at=0),
    SecretPlace("restic", "restic.readthedocs.io: -p", options="-p"),
    SecretPlace("mosquitto_pub mosquitto_sub mosquitto_rr", "mosquitto.org/man, -P", options="-P --pw"),
    SecretPlace("mosquitto_passwd", "mosquitto.org/man, -b", at=-1, needs="^-[a-z]*b"),
    SecretPlace("htpasswd htdbm", "httpd.apache.org: htpasswd, -b", at=-1, needs="^-[a-zA-Z0-9]*b"),
    SecretPlace("ipmitool", "man ipmitool(1), -P", options="-P -K -Y", glued="-P"),
    SecretPlace("ipmitool", "man ipmitool(1)", words="user set password", at=1),
    SecretPlace("ansible-vault", "docs.ansible.com: encrypt_string", words="encrypt_string", at=0),
    SecretPlace("keytool jarsigner", "docs.oracle.com: keytool, -new", options="-new"),
    SecretPlace("aws", "docs.aws.amazon.com: ssm put-parameter", options="--value", needs="SecureString"),
    SecretPlace("aws", "docs.aws.amazon.com: secretsmanager", options="--secret-binary --secret-string"),
    SecretPlace("gcloud", "cloud.google.com/sdk", words="auth activate-refresh-token", at=1),
    SecretPlace("ssh-keygen", "man ssh-keygen(1), -N and -P", options="-N -P", glued="-N -P"),
    SecretPlace("wpa_passphrase", "man wpa_passphrase(8)", at=1),
    SecretPlace("radtest", "man radtest(1)", at=1),
    SecretPlace("radtest", "man radtest(1)", at=4),
    SecretPlace("samba-tool", "man samba-tool(8): user create", words="user create", at=1),
    SecretPlace("samba-tool", "man samba-tool(8): user add", words="user add", at=1),
    SecretPlace("vsql p4 squidclient", "their --help: -w, -P", options="-w -P", glued="-P"),
    SecretPlace("db2", "ibm.com/docs/db2: connect", words="connect to", at=4),
    SecretPlace("nsupdate dig host", "man nsupdate(1), -y", options="-y", behind=":"),
    SecretPlace("doveadm", "doc.dovecot.org: doveadm pw", options="-p"),
    SecretPlace("doveadm", "doc.dovecot.org: doveadm auth", words="auth test", at=1),
    SecretPlace("swaks sendemail sendEmail", "man swaks(1), -ap", options="-ap -xp"),
    SecretPlace("mkpasswd", "man mkpasswd(1)", at=0, valued="-m -S -R"),
    SecretPlace("security", "ss64.com/mac/security, -w", options="-w -p"),
    SecretPlace("drush", "drush.org: user:password", words="user:password", at=1),
    SecretPlace("drush", "drush.org: upwd", words="upwd", at=1),
    SecretPlace("stats", "docs.haproxy.org: stats auth", words="auth", at=0, behind=":"),
    SecretPlace("requirepass masterauth", "redis.io/docs: redis.conf", at=0),
    SecretPlace("heroku", "devcenter.heroku.com: auth:token", words="auth:token", at=0),
    SecretPlace("wg", "man wg(8): set", words="private-key", at=0),
    SecretPlace("ftp ncftp aria2c", "man ftp(1), -u", options="-u", glued="-u", behind=":"),
    SecretPlace("xfreerdp wfreerdp", "github.com/FreeRDP: /p:", glued="/p:"),
    SecretPlace("ejabberdctl", "docs.ejabberd.im: register", words="register", at=2),
    SecretPlace("ejabberdctl", "docs.ejabberd.im: change_password", words="change_password", at=2),
    SecretPlace("iwconfig", "man iwconfig(8): key", words="key", at=0, made_up=True),
    SecretPlace("op", "developer.1password.com: signin", words="signin", at=3),
    SecretPlace("ConvertTo-SecureString", "learn.microsoft.com: -String", at=0),
    SecretPlace("createUser", "man snmpd.conf(5): createUser", at=2),
    SecretPlace("createUser", "the same: the key to encrypt", at=4),
    SecretPlace("message-digest-key", "cisco.com: ip ospf message-digest-key", at=2),
    SecretPlace("wg", "man wg(8): set", words="preshared-key", at=0),
)
