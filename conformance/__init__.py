"""The conformance suite from a checkout; it lives in `array_losses.conformance`, and its reports in `reports/` here."""
