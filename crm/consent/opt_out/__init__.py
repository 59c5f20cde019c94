"""Opt-outs, HELP and START in what people write, found before any dialogue runs. Pure; stops nothing itself."""

from crm.consent.opt_out.keywords import read_keyword
from crm.consent.opt_out.matcher import OptOut, read_opt_out

__all__ = ["OptOut", "read_keyword", "read_opt_out"]
