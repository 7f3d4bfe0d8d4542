"""Rules of the domain and of single modules: no network, no store, milliseconds each."""
