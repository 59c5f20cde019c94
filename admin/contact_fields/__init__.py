"""The fields of contacts as colleagues define and fill them. The rules are crm's."""
