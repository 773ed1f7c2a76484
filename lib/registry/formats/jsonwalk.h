/*
 * JSON that is too large to be held: an object is walked key by key, and of each value it is said
 * whether to skip it or to parse it whole. A header of safetensors has one value a tensor, an
 * XGBoost model has a hundred megabytes of trees and a few names that are wanted.
 */
#pragma once

#include "fmt/json.h"
#include "fmt/source.h"

/* As js_parse(), of text whose values would not take more than some hundred megabytes as a tree. */
int jsonwalk_parse(const char *text, size_t n, const char *what, struct json **out,
		   struct mlops_error *err);

int jsonwalk_object(struct cursor *c, const char *what, struct mlops_error *err); /* eats the '{' */
/* 1 with the next key of the object in `key` (and the cursor at its value), 0 at its end, -1. */
int jsonwalk_next(struct cursor *c, const char *what, struct strbuf *key, struct mlops_error *err);
int jsonwalk_array(struct cursor *c, const char *what, struct mlops_error *err); /* eats the '[' */
/* 1 with the cursor at the next item of the array, 0 at its end, -1. */
int jsonwalk_item(struct cursor *c, const char *what, struct mlops_error *err);
int jsonwalk_skip(struct cursor *c, const char *what, struct mlops_error *err);
/* Parses the value under the cursor, of at most `max` bytes. */
int jsonwalk_value(struct cursor *c, const char *what, size_t max, struct json **out,
		   struct mlops_error *err);
/* The value under the cursor as it is written, of at most `max` bytes, in place of what `text` held. */
int jsonwalk_text(struct cursor *c, const char *what, size_t max, struct strbuf *text,
		  struct mlops_error *err);
