/*
 * Notes to the person at the terminal. The library never prints: what it says goes to the sink
 * that the program sets (cmd/main.c writes it to stderr), and to nowhere when none is set.
 */
#pragma once

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* `sink` gets each message of `level` and below; called from any thread. */
void log_set_sink(enum log_level level, void (*sink)(enum log_level, const char *msg));
__attribute__((format(printf, 1, 2))) void log_error(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_warn(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_info(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_debug(const char *fmt, ...);
