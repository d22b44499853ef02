docker build -t shop:1.0.0 .
