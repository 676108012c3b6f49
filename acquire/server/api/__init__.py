"""HTTP and the web page. Every order goes to the controller."""
