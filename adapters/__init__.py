"""The outer world's dialects: one folder a platform, translating between its wire and the domain."""
