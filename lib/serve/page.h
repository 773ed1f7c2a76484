/* A web page that the server shows out of a folder. */
#pragma once

#include "http/server.h"

#define PAGE_FILES "/static-files/"

extern const struct http_route page_routes[];
/* Whether a browser that shows the page asks for this path, so that it may be asked for a password. */
bool page_is_asked(const char *path);
/* MLOPS_ENOTFOUND when the folder holds no page. */
int page_check(const char *dir, struct mlops_error *err);
