/* The scalars of TOML; the cursor is behind them afterwards. */
#pragma once

#include "fmt/text.h"

/* A control character that may stand in no text: all but the tab. */
bool toml_is_control(char c);
/* A string in "" or '', with `multiline` also in """ or '''. */
int toml_string(struct text *t, bool multiline, struct strbuf *out);
/* A string, number, boolean, date or time; NULL with an error when there is none. */
struct json *toml_scalar(struct text *t);
