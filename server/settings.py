"""Every setting, read once from the environment (and `.env`). The only module that reads it.

Each can stand in a file: `PARLEY_RASA_SECRET_FILE=/run/secrets/rasa` gives `PARLEY_RASA_SECRET`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from yarl import URL

from base.errors import ParleyError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""


class SettingsProblem(ParleyError):
    """A setting is wrong."""

    code = "settings"
    status = 500


class Settings(BaseSettings):
    """All settings with their defaults; each is `PARLEY_` and its name in capitals, unless it says otherwise."""

    model_config = SettingsConfigDict(
        env_prefix="PARLEY_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("DATABASE_URL", "PARLEY_DATABASE_URL"),
        description="PostgreSQL to use (18 is what the tests run on). Unset: the embedded one in the data folder.",
    )
    data_dir: Path = Field(ROOT / "var", description="Folder for the embedded database, keys, models and mailbox.")
    content_dir: Path = Field(
        ROOT / "flows",
        description="Folder that holds library/, journeys/ and jurisdictions/ (law of your own, if any).",
    )
    nlu_dir: Path = Field(ROOT / "nlu_data", description="Folder that holds intents/ and knowledge/.")

    encoder_model: str = Field(
        "",
        description="Folder of another sentence-transformers model (mean pooling), for `make setup` to export. Unset: "
        "all-MiniLM-L6-v2, which is best in English.",
    )

    encoder_precision: Literal["int8", "fp32"] = Field(
        "int8",
        description="How the sentence encoder is run: int8 takes about 3 ms a message, fp32 about 7 and can be a "
        "little more accurate. Change it in all processes, then publish again: the model is trained anew.",
    )

    ledger_heads_dir: Path | None = Field(
        None,
        description="Folder that gets the signed heads of the consent ledger and the audit log each night; copy it to "
        "another place. Unset: `ledger_heads` in the data folder.",
    )

    host: str = Field("127.0.0.1", description="Address the web process listens on.")
    port: int = Field(8080, ge=1, le=65_535, description="Port the web process listens on.")
    public_url: str = Field("", description="The site's address as browsers see it. Unset: http://HOST:PORT.")
    proxies: int = Field(0, ge=0, le=5, description="Proxies of your own before the web process, for X-Forwarded-For.")
    allowed_origins: str = Field("", description="Further origins whose pages may show the chat, comma-separated.")
    chat_messages_a_minute: int = Field(20, ge=1, description="Messages a visitor may send in a minute.")
    chat_sessions_a_minute: int = Field(30, ge=1, description="New chats an address may open in a minute.")
    chat_all_sessions_a_minute: int = Field(
        1_200, ge=1, description="New chats that may be opened in a minute, from all addresses together."
    )
    chat_numbers_an_hour: int = Field(
        120,
        ge=1,
        description="New phone numbers that visitors may leave in the web chat in an hour, all together, and have "
        "texted or called; of one other country than the default region a quarter of it.",
    )
    phone_countries: str = Field(
        "",
        description="Countries that texts and calls may go to, as US,CA,GB. Unset: all. Premium, shared-cost, "
        "satellite, personal and pager numbers get none anywhere.",
    )
    spend_a_day: float = Field(
        100,
        ge=0,
        description="The most that text messages and calls may cost in a day (UTC), by the price list and in its "
        "currency; then they stop. 0: no limit.",
    )
    spend_a_month: float = Field(1_000, ge=0, description="The same in a calendar month. 0: no limit.")

    mqtt_url: SecretStr | None = Field(
        None,
        description="mqtt://user:password@host:1883 or mqtts://…: the broker whose messages are events of devices. "
        "Unset: none are taken.",
    )
    mqtt_topic: str = Field(
        "parley/events/+",
        min_length=1,
        description="Topic of the broker to subscribe to; its last level is the name of the source of events.",
    )

    company_name: str = Field("Northwind Ledger", min_length=1, description="Who asks for consent and sends messages.")
    postal_address: str = Field("", description="Postal address shown in every e-mail; e-mail stays off without it.")
    smtp_url: SecretStr | None = Field(
        None,
        description="smtp://user:password@host:587 (STARTTLS if offered) or smtps://…; unset: e-mail stays off.",
    )
    email_from: str = Field("", description="Sender address of e-mails; e-mail stays off without it.")
    email_from_name: str = Field("", description="Sender name of e-mails. Unset: the company name.")
    email_reply_to: str = Field(
        "",
        description="Where answers to follow-ups go. Unset: the mailbox that is read (`parley channels add email`), "
        "else the sender. What is said in a talk by e-mail is always answered to the talk's mailbox.",
    )
    email_counts: bool = Field(
        default=False,
        description="Counts openings and clicks of e-mails, only of those who agreed to the purpose `profiling`.",
    )
    dkim_selector: str = Field("", description="Selector of the DKIM key. Unset: the mail server signs.")
    dkim_key: SecretStr | None = Field(None, description="RSA private key (PEM) that signs e-mails, best by its _FILE.")
    oidc_issuer: str = Field(
        "",
        description="Address of your identity provider (OpenID Connect), as it calls itself; people then sign in to "
        "the admin there, too. Register PUBLIC_URL/admin/single-sign-on as the address it sends them back to.",
    )
    oidc_client_id: str = Field("", description="What the identity provider calls this site.")
    oidc_client_secret: SecretStr | None = Field(None, description="The secret that it gave for that.")
    oidc_role: str = Field(
        "",
        description="Role of people whom the identity provider knows and nobody has invited, as `analyst`. Unset: they "
        "have no access.",
    )
    webhooks_private: bool = Field(
        default=False,
        description="Lets webhooks be sent to http:// and to addresses in your own network; else only to public ones.",
    )
    calendars_private: bool = Field(
        default=False,
        description="Lets calendars be read and written on http:// and in your own network (CalDAV, iCalendar feeds); "
        "else only on public addresses by https://.",
    )
    default_region: str = Field("US", pattern="^[A-Z]{2}$", description="Country of phone numbers without a prefix.")
    default_time_zone: str = Field("UTC", description="Zone for quiet hours of contacts whose zone is unknown.")

    rasa_urls: str = Field("", description="Addresses of the Rasa replicas, comma-separated. Unset: parley up sets it.")
    rasa_secret: SecretStr | None = Field(None, description="Secret shared by web and Rasa, 32 characters or more.")
    rasa_replicas: int = Field(1, ge=1, le=16, description="Rasa processes that parley up starts.")
    web_replicas: int = Field(1, ge=1, le=16, description="Web processes that parley up starts; they share the port.")
    worker_replicas: int = Field(1, ge=1, le=16, description="Worker processes that parley up starts.")
    rasa_port: int = Field(5505, ge=1, le=65_000, description="Port of the first Rasa process, the next ones follow.")

    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65_535,
        description="Port at which this process shows its figures (`/metrics`, for Prometheus); each process needs one "
        "of its own, and `parley up` counts on from this one. Unset: none are shown.",
    )
    metrics_host: str = Field(
        "127.0.0.1",
        description="Address the figures are shown on. Another than this machine's own needs PARLEY_METRICS_TOKEN.",
    )
    metrics_token: SecretStr | None = Field(
        None, description="What whoever reads the figures must show (`Authorization: Bearer …`), 16 characters or more."
    )
    otlp_endpoint: str = Field(
        "",
        description="Address of a collector of OpenTelemetry that traces are sent to by OTLP/HTTP, as "
        "http://127.0.0.1:4318. Unset: nothing is traced.",
    )
    trace_share: float = Field(1.0, ge=0, le=1, description="Share of traces that is sent, from 0 to 1.")

    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least severe log level shown.")
    log_json: bool = Field(default=True, description="Logs as JSON lines; off: for reading by eye.")

    @field_validator("default_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except Exception as error:
            raise ValueError("not a time zone name such as Europe/Berlin") from error
        return value

    @field_validator("rasa_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("must have at least 32 characters")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:
            raise ValueError("must have at least 16 characters")
        return value

    @model_validator(mode="after")
    def _figures_are_not_public(self) -> Settings:
        if self.metrics_port is not None and self.metrics_token is None and not _is_own(self.metrics_host):
            raise ValueError(
                f"metrics_host: {self.metrics_host!r} can be reached from elsewhere, so metrics_token is needed, too"
            )
        return self

    @field_validator("database_url")
    @classmethod
    def _of_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        # Without its cause: that would repeat the address, and with it the password.
        if value is not None and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must look like postgresql://user:password@host:5432/name")
        return value

    @field_validator("mqtt_url")
    @classmethod
    def _of_a_broker(cls, value: SecretStr | None) -> SecretStr | None:
        # Without its cause, as above.
        if value is not None and not value.get_secret_value().startswith(("mqtt://", "mqtts://")):
            raise ValueError("must look like mqtt://user:password@host:1883")
        return value

    @model_validator(mode="after")
    def _whole_provider(self) -> Settings:
        if self.oidc_issuer:
            url = URL(self.oidc_issuer)
            if not _is_web_address(self.oidc_issuer) or (
                url.scheme != "https" and url.host not in ("127.0.0.1", "localhost")
            ):
                raise ValueError("oidc_issuer: must be an https:// address")
            if not self.oidc_client_id or self.oidc_client_secret is None:
                raise ValueError("oidc_client_id, oidc_client_secret: needed with oidc_issuer")
        return self

    @field_validator("email_from", "email_reply_to")
    @classmethod
    def _one_address(cls, value: str) -> str:
        try:
            return validate_email(value, check_deliverability=False).normalized if value else value
        except EmailNotValidError as error:
            raise ValueError("must be one e-mail address, without a name") from error

    @field_validator("phone_countries")
    @classmethod
    def _are_countries(cls, value: str) -> str:
        for country in _parts(value):
            if country not in SUPPORTED_REGIONS:
                raise ValueError(f"{country!r} is no country: write it in two capitals, like US")
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        for origin in _parts(value):
            if not _is_web_address(origin) or str(URL(origin).origin()) != origin.rstrip("/"):
                raise ValueError(f"{origin!r} is no origin: write it like https://www.example.com")
        return value

    @model_validator(mode="after")
    def _whole_address(self) -> Settings:
        named = (("public_url", self.public_url), ("otlp_endpoint", self.otlp_endpoint))
        for name, url in (*named, *(("rasa_urls", url) for url in self.rasa_addresses)):
            if url and not _is_web_address(url):
                raise ValueError(f"{name}: {url!r} must begin with http:// or https:// and name a host")
        return self

    @property
    def site_url(self) -> str:
        """The public address without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def origins(self) -> frozenset[str]:
        """Origins whose pages may use the chat: the site's own and the allowed ones."""
        named = [origin.rstrip("/") for origin in _parts(self.allowed_origins)]
        own = str(URL(self.site_url).origin())
        local = {own.replace("127.0.0.1", "localhost")} if "//127.0.0.1" in own else set()
        return frozenset({own, *named, *local})

    @property
    def countries(self) -> frozenset[str] | None:
        """Where texts and calls may go; None is everywhere."""
        return frozenset(_parts(self.phone_countries)) or None

    @property
    def rasa_addresses(self) -> list[str]:
        """The Rasa replicas."""
        return _parts(self.rasa_urls)

    @property
    def key_file(self) -> Path:
        """The root keys."""
        return self.data_dir / "keys" / "root.json"

    @property
    def heads_dir(self) -> Path:
        """Where the signed heads of the consent ledger and the audit log go."""
        return self.ledger_heads_dir or self.data_dir / "ledger_heads"

    @property
    def mail_folder(self) -> Path:
        """Where mails are filed while there is no mail server."""
        return self.data_dir / "mailbox"

    @property
    def imports_folder(self) -> Path:
        """Where files are that were sent to be imported; web processes and workers share it."""
        return self.data_dir / "imports"

    @property
    def encoder_dir(self) -> Path:
        """The exported sentence encoder."""
        return self.data_dir / "encoder"

    @property
    def model_dir(self) -> Path:
        """Compiled flows and trained models."""
        return self.data_dir / "models"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Adds the `_FILE` form after the plain variables, of the environment and of `.env`."""
        return (
            init_settings,
            env_settings,
            _FileVariables(settings_cls, os.environ),
            dotenv_settings,
            _FileVariables(settings_cls, _in_dotenv(dotenv_settings)),
            file_secret_settings,
        )


def _in_dotenv(source: PydanticBaseSettingsSource) -> Mapping[str, str | None]:
    """What stands in `.env`, by names in capitals."""
    found = source.env_vars if isinstance(source, DotEnvSettingsSource) else {}
    return {name.upper(): value for name, value in found.items()}


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _is_own(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_web_address(text: str) -> bool:
    try:
        url = URL(text)
    except ValueError:
        return False
    return url.scheme in ("http", "https") and bool(url.host)


class _FileVariables(PydanticBaseSettingsSource):
    """Reads `PARLEY_NAME_FILE` (and `DATABASE_URL_FILE`) of some variables."""

    def __init__(self, settings_cls: type[BaseSettings], variables: Mapping[str, str | None]) -> None:
        super().__init__(settings_cls)
        self._variables = variables

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        names = [f"PARLEY_{field_name.upper()}_FILE"]
        if field_name == "database_url":
            names.append("DATABASE_URL_FILE")
        for name in names:
            if path := self._variables.get(name):
                try:
                    return Path(path).read_text().strip(), field_name, False
                except OSError as error:
                    raise SettingsProblem(f"{name}: cannot read {path}: {error.strerror}.") from error
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def read_settings(**overrides: Any) -> Settings:
    """The settings of this process.

    Raises:
        SettingsProblem: names each wrong variable and what is wrong with it, never its value.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            field = str(problem["loc"][0]) if problem["loc"] else ""
            name = field if field.isupper() else f"PARLEY_{field.upper()}" if field else "settings"
            lines.append(f"{name}: {problem['msg']}")
        raise SettingsProblem("Wrong settings. " + " ".join(lines)) from error
